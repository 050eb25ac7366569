-- Every rejected line has a reason, and what has been superseded has a valid line in its place.
select
    rejected.order_id,
    rejected.product_id,
    rejected.faults
from {{ ref('rejected_order_lines') }} as rejected
left join {{ ref('order_lines') }} as cleaned
    on
        rejected.order_id = cleaned.order_id
        and rejected.product_id = cleaned.product_id
where
    len(rejected.faults) = 0
    or (list_contains(rejected.faults, 'superseded') and cleaned.order_id is null)
