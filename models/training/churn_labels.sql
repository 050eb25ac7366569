-- Features see what came before label_time, the label what came at it and in the 28 days after.
with

order_lines as (

    select * from {{ ref('order_lines') }}

),

orders as (

    select distinct
        order_id,
        customer_id,
        store_id,
        ordered_at
    from order_lines

),

run as (

    {{ as_of(ref('order_lines'), 'ordered_at', '1d') }}

),

bounds as (

    select
        date_trunc('month', min(orders.ordered_at)) as first_month,
        -- An as_of beyond the data says nothing of the days between.
        least(
            (select run.as_of from run), date_trunc('day', max(orders.ordered_at)) + interval 1 day
        ) - interval 28 days as last_label_time
    from orders

),

months as (

    select unnest(generate_series(first_month, last_label_time, interval 1 month)) as label_time
    from bounds

),

-- Customers are those who have bought before.
customers as (

    select
        orders.customer_id,
        months.label_time,
        -- Of orders at the same moment, the one with the greater key.
        arg_max(orders.store_id, (orders.ordered_at, orders.order_id)) as store_id
    from orders
    inner join months on orders.ordered_at < months.label_time
    group by
        orders.customer_id,
        months.label_time

),

buyers as (

    select distinct
        orders.customer_id,
        months.label_time
    from orders
    inner join months
        on
            orders.ordered_at >= months.label_time
            and orders.ordered_at < months.label_time + interval 28 days

),

labelled as (

    select
        customers.customer_id,
        customers.store_id,
        buyers.customer_id is null as is_churned,
        customers.label_time
    from customers
    left join buyers
        on
            customers.customer_id = buyers.customer_id
            and customers.label_time = buyers.label_time

)

select * from labelled
order by
    label_time,
    customer_id
