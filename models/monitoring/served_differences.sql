{%- set runs = source('operations', 'served_runs') -%}
{%- set builds = source('operations', 'view_builds') -%}
with

customer_profile_v1 as (

    {{ served_differences(
        features=ref('customer_profile', v=1),
        served=ref('served_customer_profile_v1'),
        entity=['customer_id'],
        feature_view='customer_profile:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

customer_purchases_v1 as (

    {{ served_differences(
        features=ref('customer_purchases', v=1),
        served=ref('served_customer_purchases_v1'),
        entity=['customer_id'],
        feature_view='customer_purchases:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

customer_purchases_v2 as (

    {{ served_differences(
        features=ref('customer_purchases', v=2),
        served=ref('served_customer_purchases_v2'),
        entity=['customer_id'],
        feature_view='customer_purchases:v2',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

customer_store_affinity_v1 as (

    {{ served_differences(
        features=ref('customer_store_affinity', v=1),
        served=ref('served_customer_store_affinity_v1'),
        entity=['customer_id', 'store_id'],
        feature_view='customer_store_affinity:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

customer_velocity_v1 as (

    {{ served_differences(
        features=ref('customer_velocity', v=1),
        served=ref('served_customer_velocity_v1'),
        entity=['customer_id'],
        feature_view='customer_velocity:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

product_demand_v1 as (

    {{ served_differences(
        features=ref('product_demand', v=1),
        served=ref('served_product_demand_v1'),
        entity=['product_id'],
        feature_view='product_demand:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

store_traffic_v1 as (

    {{ served_differences(
        features=ref('store_traffic', v=1),
        served=ref('served_store_traffic_v1'),
        entity=['store_id'],
        feature_view='store_traffic:v1',
        runs=runs,
        builds=builds
    ) | indent(4) }}

),

unioned as (

    select * from customer_profile_v1
    union all by name
    select * from customer_purchases_v1
    union all by name
    select * from customer_purchases_v2
    union all by name
    select * from customer_store_affinity_v1
    union all by name
    select * from customer_velocity_v1
    union all by name
    select * from product_demand_v1
    union all by name
    select * from store_traffic_v1

)

select * from unioned
