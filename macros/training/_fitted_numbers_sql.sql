{#- The rows of the numeric columns. The sum of doubles depends on the order of adding, so values are
    added in their own order. The bound keeps the sum of squares finite, and excludes NaN. -#}
{%- macro _fitted_numbers_sql(numeric) -%}
{{ feature_store._values_to_fit_sql('numbers', numeric, 'numeric') }}

sums as (

    select
        column_name,
        count(*) as value_count,
        -- Where all values are equal the mean is that value, which a rounded sum can miss.
        if(min(value) = max(value), min(value), sum(value order by value) / count(*)) as mean,
        list(value order by value) as ordered
    from numbers
    where
        case
            when value is null then false
            when abs(value) <= 1e150 then true
            else
                error(
                    'fitted_statistics: numeric: column "' || column_name || '" holds ' || value
                    || '. Allowed: numbers from -1e150 to 1e150, and null'
                )
        end
    group by column_name

),

moments as (

    select
        column_name,
        value_count,
        mean,
        (ordered[(value_count + 1) // 2] + ordered[value_count // 2 + 1]) / 2 as median
    from sums

),

number_statistics as (

    select
        moments.column_name,
        any_value(moments.value_count) as value_count,
        any_value(moments.mean) as mean,
        any_value(moments.median) as median,
        sqrt(
            sum(
                (numbers.value - moments.mean) * (numbers.value - moments.mean)
                order by numbers.value
            ) / count(*)
        ) as standard_deviation
    from moments
    inner join numbers
        on moments.column_name = numbers.column_name and numbers.value is not null
    group by moments.column_name

),

number_rows as (

    select
        listed.column_name,
        'numeric' as kind,
        cast(null as varchar) as category,
        cast(null as integer) as category_rank,
        number_statistics.mean,
        number_statistics.standard_deviation,
        number_statistics.median,
        cast(null as varchar) as most_frequent,
        fitted_rows.row_count,
        fitted_rows.row_count - coalesce(number_statistics.value_count, 0) as null_count
    from {{ feature_store._column_names_sql(numeric) }} as listed
    cross join fitted_rows
    left join number_statistics on listed.column_name = number_statistics.column_name

),
{%- endmacro -%}
