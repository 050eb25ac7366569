{{ feature_store.online_features(ref('visitor_clicks', v=1), ref('clicks'), feature_store.feature_view()) }}
