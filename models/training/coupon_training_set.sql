{%- set spine -%}
(
        select
            *,
            {{ hash_split(
                ['customer_id'], train=80, validation=10, test=10, seed=1
            ) | indent(12) }} as split
        from {{ ref('coupon_labels') }}
    )
{%- endset -%}

{{ point_in_time_join(
    spine=spine,
    feature_views=[
        {
            'features': ref('customer_purchases', v=2),
            'entity': ['customer_id'],
            'select': ['orders_28d', 'spend_28d', 'discount_28d', 'discount_90d', 'products_90d'],
        },
        {
            'features': ref('customer_velocity', v=1),
            'entity': ['customer_id'],
            'select': ['orders_1h', 'orders_24h', 'orders_7d'],
        },
        {
            'features': ref('customer_profile', v=1),
            'entity': ['customer_id'],
            'select': ['age_rank', 'income_rank', 'kids_count', 'has_demographics'],
        },
    ],
) }}
