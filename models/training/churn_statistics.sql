{{ fitted_statistics(
    ref('churn_training_set'),
    numeric=[
        'orders_28d', 'spend_28d', 'average_order_90d', 'age_rank', 'income_rank', 'household_size',
    ],
    categorical=['household_composition'],
    time='label_time',
) }}
