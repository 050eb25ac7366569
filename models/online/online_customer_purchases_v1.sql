{{ feature_store.online_features(ref('customer_purchases', v=1), ref('order_lines'), feature_store.feature_view()) }}
