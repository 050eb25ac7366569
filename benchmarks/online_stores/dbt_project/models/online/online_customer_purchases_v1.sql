{{ online_features(ref('customer_purchases', v=1), ref('purchase_rows'), feature_view()) }}
