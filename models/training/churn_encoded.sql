{%- set fitted = ref('churn_statistics') -%}
with

training_set as (

    select * from {{ ref('churn_training_set') }}

),

encoded as (

    select
        customer_id,
        is_churned,
        label_time,
        split,
        {{ standardized('orders_28d', fitted) | indent(8) }} as orders_28d,
        {{ standardized('spend_28d', fitted) | indent(8) }} as spend_28d,
        {{ standardized(
            'average_order_90d', fitted, value=imputed('average_order_90d', fitted)
        ) | indent(8) }} as average_order_90d,
        {{ standardized('age_rank', fitted, value=imputed('age_rank', fitted)) | indent(8) }}
        as age_rank,
        {{ standardized('income_rank', fitted, value=imputed('income_rank', fitted)) | indent(8) }}
        as income_rank,
        {{ standardized(
            'household_size', fitted, value=imputed('household_size', fitted)
        ) | indent(8) }} as household_size,
        {{ one_hot(
            'household_composition', fitted,
            categories=['1 Adult Kids', '1 Adult No Kids', '2 Adults Kids', '2 Adults No Kids']
        ) | indent(8) }}
    from training_set

)

select * from encoded
order by
    label_time,
    customer_id
