-- What makes an order line valid is declared here and nowhere else: the list in `checked`.
with

order_lines as (

    select * from {{ ref('stg_complete_journey__order_lines') }}

),

products as (

    select * from {{ ref('products') }}

),

counted as (

    select
        *,
        -- Copies are alike in all that was received; the one loaded first is the line.
        row_number() over (
            partition by
                order_id, product_id, customer_id, store_id, quantity, week_number, amount,
                retail_discount, coupon_discount, coupon_match_discount, ordered_at
            order by loaded_at, source_file, source_row
        ) as copy_number
    from order_lines

),

checked as (

    select
        counted.*,
        list_filter(
            [
                if(
                    counted.order_id is null or counted.product_id is null
                    or counted.customer_id is null or counted.store_id is null
                    or counted.ordered_at is null,
                    'key_missing', null
                ),
                if(products.product_id is null, 'product_unknown', null),
                if(coalesce(counted.quantity, 0) <= 0, 'quantity_not_positive', null),
                -- Fuel, sold by volume: one line would outweigh a month of groceries.
                if(counted.quantity > 1000, 'quantity_is_volume', null),
                if(
                    counted.amount is null
                    or least(
                        counted.amount, counted.retail_discount, counted.coupon_discount,
                        counted.coupon_match_discount
                    ) < 0,
                    'amount_invalid', null
                ),
                if(counted.ordered_at > counted.loaded_at, 'ordered_after_load', null)
            ],
            lambda fault: fault is not null  -- noqa: references.qualification
        ) as found_faults
    from counted
    left join products on counted.product_id = products.product_id

),

judged as (

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
        -- Of several sound lines of a product in an order, the one loaded last corrects the others.
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

)

select * from judged
