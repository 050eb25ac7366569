{{ windowed_features(ref('order_lines'), feature_view()) }}
