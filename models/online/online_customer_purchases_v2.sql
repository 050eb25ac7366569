{{ feature_store.online_features(ref('customer_purchases', v=2), ref('order_lines'), feature_store.feature_view()) }}
