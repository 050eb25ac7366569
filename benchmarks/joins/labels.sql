-- Labels of random customers, and cases that joins get wrong easily: 0.5 % without a key, 2 % of
-- unknown customers, 5 % at the time of a feature row or a microsecond from it, 1 % duplicates,
-- 10 % outside the year.
with numbered as (
    select if(random_of('twice', n) % 100 = 0 and n > 0, n - 1, n) as label_id,
    from range({labels}) as r(n)
),

drawn as (
    select
        label_id,
        random_of('kind', label_id) % 1000 as kind,
        (random_of('customer', label_id) % {customers})::bigint + 1 as k,
        random_of('time', label_id) as r,
    from numbered
),

placed as (
    select
        *,
        rows_before(k) - rows_before(k - 1) as parts,
        row_second(k, (r % parts::ubigint)::bigint, parts) as a_row_second,
    from drawn
)

select
    label_id,
    case
        when kind < 5 then null
        when kind < 25 then k + {customers}
        else k
    end as customer_id,
    case
        when kind between 25 and 74
            then
                year_start() + to_seconds(a_row_second)
                + to_microseconds((r % 3)::bigint - 1)
        else
            year_start() - to_days(20)
            + to_microseconds((r % (year_seconds()::ubigint * 11 // 10 * 1000000))::bigint)
    end as label_time,
    (r >> 60) % 4 = 0 as is_churned,
from placed
