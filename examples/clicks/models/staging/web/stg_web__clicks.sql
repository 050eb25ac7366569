with

source as (

    select * from {{ source('web', 'clicks') }}

),

renamed as (

    select
        visitor_id,
        page,
        seconds,
        clicked_at,
        _source_file as source_file,
        _batch_id as batch_id,
        _source_row as source_row,
        _loaded_at as loaded_at
    from source

)

select * from renamed
