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
        _loaded_at as loaded_at
    from source

)

select * from renamed
