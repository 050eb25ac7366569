-- Transactions of the shop; events.py fills in the braces.
with numbered as (
    {ranges}
),

of_rows as (
    select
        n,
        {of_rows}
    from numbered
),

received as (
    select
        n,
        -- A copy is received up to {days_copied} days after its original.
        if(
            n > 0 and random_copied < {duplicates},
            n - 1 - random_copied_from % least(n, {rows_copied}),
            n
        ) as line,
        line // {pair_lines} as pair,
        line % {pair_lines} as place
    from of_rows
),

of_pairs as (
    select
        n,
        line,
        pair,
        place,
        {of_pairs}
    from received
),

baskets as (
    select
        n,
        line,
        -- Two orders in a row share {pair_lines} lines: the first has those before the cut.
        1 + random_cut % {most_lines} as first_lines,
        2 * pair + (place >= first_lines)::bigint as basket,
        place - if(place >= first_lines, first_lines, 0) as place_in_basket,
        -- All lines of an order have the time of the first.
        (line - place_in_basket) * {days} // {events} as day_of_order
    from of_pairs
),

of_lines as (
    select
        n,
        line,
        basket,
        place_in_basket,
        day_of_order,
        {of_lines}
    from baskets
),

lines as (
    select
        * exclude (day_of_order),
        random_days_late / {span} as days_late_rank,
        random_customer / {span} as basket_rank,
        random_product / {span} as product_rank,
        random_pieces / {span} as pieces_rank,
        greatest(
            0,
            day_of_order - if(
                random_late < {late},
                1 + floor(days_late_rank * days_late_rank * {most_days_late})::bigint,
                0
            )
        ) as day,
        -- The third power: the first 1 % of the customers have 22 % of the orders.
        floor(basket_rank * basket_rank * basket_rank * {customers})::bigint as customer_rank,
        -- Each place in an order has products of its own: none is twice in an order.
        1 + place_in_basket
        + {most_lines} * floor(product_rank * product_rank * {products_a_place})::bigint
            as product_id,
        1 + floor(pieces_rank * pieces_rank * pieces_rank * 6)::bigint as pieces,
        -- 0: unknown product; 1 to 3: bad quantity; 4: negative amount; -1: none.
        if(random_malformed < {malformed}, line % 5, -1) as malformation
    from of_lines
),

of_prices as (
    select
        *,
        {of_prices}
    from lines
),

priced as (
    select
        *,
        (99 + random_price % 900) * pieces as cents
    from of_prices
)

select
    -- Heavy customers stand anywhere among the others: multiplying by a prime permutes the numbers.
    1 + customer_rank * 2147483647 % {customers} as household_id,
    -- Four orders of five are from the customer's own store.
    1 + if(random_store % 5 = 0, random_store // 5, random_home) % {stores} as store_id,
    {first_basket} + basket as basket_id,
    if(malformation = 0, {products} + product_id, product_id) as product_id,
    {quantity} as quantity,
    if(malformation = 4, -cents, cents) / 100 as sales_value,
    if(random_discount % 3 = 0, cents // 10, 0) / 100 as retail_disc,
    if(random_coupon % 25 = 0, 50, 0) / 100 as coupon_disc,
    if(random_coupon % 50 = 0, 50, 0) / 100 as coupon_match_disc,
    1 + day // 7 as week,
    -- The mean of two times that are as likely as any other: the afternoon is the busiest.
    make_timestamp(
        (
            {first_second} + day * 86400 + 36000
            + random_second % 25200 + random_evening % 25200
        ) * 1000000
    ) as transaction_timestamp{arrival}
from priced
