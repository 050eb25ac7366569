{{ feature_store.online_features(ref('customer_orders', v=1), ref('orders'), feature_store.feature_view()) }}
