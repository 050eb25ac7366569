{{ feature_store.windowed_features(ref('order_lines'), feature_store.feature_view()) }}
