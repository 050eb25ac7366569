{{ feature_store.windowed_features(ref('orders'), feature_store.feature_view()) }}
