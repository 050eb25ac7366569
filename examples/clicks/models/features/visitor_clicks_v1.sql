{{ feature_store.windowed_features(ref('clicks'), feature_store.feature_view()) }}
