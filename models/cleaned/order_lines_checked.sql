-- What makes an order line valid is declared here and nowhere else: the list in `checked`.
with

order_lines as (

    select * from {{ changed_groups(ref('order_lines_received')) }}

),

counted as (

    select
        *,
        -- Copies are equal in all received columns; the one loaded first counts as the line.
        row_number() over (
            partition by
                order_id, product_id, customer_id, store_id, quantity, week_number, amount,
                retail_discount, coupon_discount, coupon_match_discount, ordered_at
            order by loaded_at, source_file, source_row, batch_id
        ) as copy_number
    from order_lines

),

checked as (

    select
        *,
        list_filter(
            [
                if(
                    order_id is null or product_id is null or customer_id is null
                    or store_id is null or ordered_at is null,
                    'key_missing', null
                ),
                if(not is_product_known, 'product_unknown', null),
                if(coalesce(quantity, 0) <= 0, 'quantity_not_positive', null),
                -- Fuel, sold by volume: one line would outweigh a month of groceries.
                if(quantity > 1000, 'quantity_is_volume', null),
                if(
                    amount is null
                    or least(amount, retail_discount, coupon_discount, coupon_match_discount) < 0,
                    'amount_invalid', null
                ),
                if(ordered_at > loaded_at, 'ordered_after_load', null)
            ],
            lambda fault: fault is not null
        ) as found_faults
    from counted

),

with_superseded as (

    select
        order_id,
        product_id,
        customer_id,
        store_id,
        quantity,
        week_number,
        amount,
        retail_discount,
        coupon_discount,
        coupon_match_discount,
        copy_number,
        ordered_at,
        ordered_at_shop_time,
        source_file,
        batch_id,
        source_row,
        loaded_at,
        is_product_known,
        -- Of several such lines of a product in an order, the one loaded last replaces the others.
        if(
            copy_number = 1 and len(found_faults) = 0 and row_number() over (
                partition by order_id, product_id, copy_number = 1 and len(found_faults) = 0
                order by
                    loaded_at desc, ordered_at desc, customer_id desc, store_id desc,
                    quantity desc, amount desc, retail_discount desc, coupon_discount desc,
                    coupon_match_discount desc, week_number desc
            ) > 1,
            ['superseded'],
            found_faults
        ) as faults
    from checked

),

final as (

    select
        *,
        copy_number = 1 and len(faults) = 0 as is_valid
    from with_superseded

)

select * from final
