select
    product_id,
    product_id % 500 as manufacturer_id,
    'DEPARTMENT ' || product_id % 30 as department,
    if(product_id % 4 = 0, 'Private', 'National') as brand,
    'CATEGORY ' || product_id % 300 as product_category,
    'TYPE ' || product_id % 2000 as product_type,
    null::varchar as package_size
from range(1, {products} + 1) as r(product_id)
