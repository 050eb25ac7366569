{{ feature_store.online_features(ref('store_traffic', v=1), ref('order_lines'), feature_store.feature_view()) }}
