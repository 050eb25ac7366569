{{ online_features(ref('customer_purchases', v=2), ref('purchase_rows'), feature_view()) }}
