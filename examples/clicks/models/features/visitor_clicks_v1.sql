{{ windowed_features(ref('clicks'), feature_view()) }}
