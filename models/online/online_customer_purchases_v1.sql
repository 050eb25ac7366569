{{ online_features(ref('customer_purchases', v=1), ref('order_lines'), feature_view()) }}
