{% test same_rows(model, spine, columns) %}
with

training_set as (

    select {{ columns | join(', ') }} from {{ model }}

),

spine as (

    select {{ columns | join(', ') }} from {{ spine }}

),

added as (

    select * from training_set
    except all
    select * from spine

),

lost as (

    select * from spine
    except all
    select * from training_set

),

validation_errors as (

    select
        *,
        'added' as difference
    from added
    union all
    select
        *,
        'lost' as difference
    from lost

)

select * from validation_errors
{% endtest %}
