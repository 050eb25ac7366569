{%- set spine -%}
(
        select
            *,
            {{ time_split(
                'label_time', validation_from='2017-09-01', test_from='2017-11-01',
                label_window='28d'
            ) | indent(12) }} as split
        from {{ ref('churn_labels') }}
    )
{%- endset -%}

{{ point_in_time_join(
    spine=spine,
    feature_views=[
        {
            'features': ref('customer_purchases', v=2),
            'entity': ['customer_id'],
            'select': [
                'orders_7d', 'orders_28d', 'orders_90d', 'orders_lifetime', 'spend_28d',
                'spend_90d', 'products_28d', 'average_order_90d',
            ],
        },
        {
            'features': ref('customer_velocity', v=1),
            'entity': ['customer_id'],
            'select': ['orders_24h', 'spend_24h'],
        },
        {
            'features': ref('customer_store_affinity', v=1),
            'entity': ['customer_id', 'store_id'],
            'select': ['largest_line_90d', 'last_order_lifetime'],
        },
        {
            'features': ref('customer_profile', v=1),
            'entity': ['customer_id'],
            'select': [
                'age_rank', 'income_rank', 'household_size', 'household_composition',
                'has_demographics',
            ],
        },
    ],
) }}
