with

source as (

    select * from {{ source('complete_journey', 'transactions') }}

),

renamed as (

    select
        basket_id as order_id,
        product_id,
        household_id as customer_id,
        store_id,
        quantity,
        week as week_number,
        cast(sales_value as decimal(12, 2)) as amount,
        cast(retail_disc as decimal(12, 2)) as retail_discount,
        cast(coupon_disc as decimal(12, 2)) as coupon_discount,
        cast(coupon_match_disc as decimal(12, 2)) as coupon_match_discount,
        -- The file's naive times hold UTC.
        transaction_timestamp as ordered_at,
        timezone(
            '{{ source_time_zone() }}', timezone('UTC', transaction_timestamp)
        ) as ordered_at_shop_time,
        _source_file as source_file,
        _batch_id as batch_id,
        _source_row as source_row,
        _loaded_at as loaded_at
    from source

)

select * from renamed
