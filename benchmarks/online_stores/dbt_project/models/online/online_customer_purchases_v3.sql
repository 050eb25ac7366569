{{ online_features(ref('customer_purchases', v=3), ref('purchase_rows'), feature_view()) }}
