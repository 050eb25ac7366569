{{ feature_store.online_features(ref('product_demand', v=1), ref('order_lines'), feature_store.feature_view()) }}
