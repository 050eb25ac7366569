select * from {{ ref('purchase_rows') }}
