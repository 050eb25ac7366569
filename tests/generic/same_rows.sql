{#- Fails with every row that a training set has more or less often than its spine.

    model: the training set.
    spine: relation it was made from.
    columns: list of the spine's columns. -#}
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
        'added' as fault
    from added
    union all
    select
        *,
        'lost' as fault
    from lost

)

select * from validation_errors
{% endtest %}
