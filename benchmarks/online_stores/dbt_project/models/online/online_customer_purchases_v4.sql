{{ online_features(ref('customer_purchases', v=4), ref('purchase_rows'), feature_view()) }}
