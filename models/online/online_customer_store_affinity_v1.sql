{{ feature_store.online_features(ref('customer_store_affinity', v=1), ref('order_lines'), feature_store.feature_view()) }}
