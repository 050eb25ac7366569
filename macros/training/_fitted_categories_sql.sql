{#- The rows of the categorical columns and of their categories, most frequent category first; equally
    frequent ones in the order of their texts. -#}
{%- macro _fitted_categories_sql(categorical) -%}
{{ feature_store._values_to_fit_sql('words', categorical, 'categorical') }}

categories as (

    select
        column_name,
        category,
        count(*) as row_count,
        cast(
            row_number() over (
                partition by column_name
                order by count(*) desc, category asc
            ) - 1 as integer
        ) as category_rank
    from words
    where category is not null
    group by
        column_name,
        category

),

value_counts as (

    select
        column_name,
        cast(sum(row_count) as bigint) as value_count
    from categories
    group by column_name

),

category_rows as (

    select
        listed.column_name,
        'categorical' as kind,
        cast(null as varchar) as category,
        cast(null as integer) as category_rank,
        first_categories.category as most_frequent,
        fitted_rows.row_count,
        fitted_rows.row_count - coalesce(value_counts.value_count, 0) as null_count
    from {{ feature_store._column_names_sql(categorical) }} as listed
    cross join fitted_rows
    left join categories as first_categories
        on listed.column_name = first_categories.column_name and first_categories.category_rank = 0
    left join value_counts on listed.column_name = value_counts.column_name

    union all by name

    select
        column_name,
        'categorical' as kind,
        category,
        category_rank,
        row_count,
        0 as null_count
    from categories

),
{%- endmacro -%}
