{{ feature_store.online_features(ref('customer_profile', v=1), ref('customer_profiles'), feature_store.feature_view()) }}
