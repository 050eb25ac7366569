{#- Each version of a feature view that is served: its name, version and entity. -#}
{%- set served_views = [
    ('customer_profile', 1, ['customer_id']),
    ('customer_purchases', 1, ['customer_id']),
    ('customer_purchases', 2, ['customer_id']),
    ('customer_store_affinity', 1, ['customer_id', 'store_id']),
    ('customer_velocity', 1, ['customer_id']),
    ('product_demand', 1, ['product_id']),
    ('store_traffic', 1, ['store_id']),
] -%}
with

{% for name, version, entity in served_views -%}
{{ name }}_v{{ version }} as (

    {{ served_differences(
        features=ref(name, v=version),
        served=ref('served_' ~ name ~ '_v' ~ version),
        entity=entity,
        feature_view=name ~ ':v' ~ version,
        runs=source('operations', 'served_runs'),
        builds=source('operations', 'view_builds')
    ) | indent(4) }}

),

{% endfor -%}
unioned as (

    {% for name, version, entity in served_views -%}
    select * from {{ name }}_v{{ version }}
    {%- if not loop.last %}
    union all by name
    {% endif %}
    {%- endfor %}

)

select * from unioned
