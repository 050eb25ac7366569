-- The rows of the Parquet file that Feast reads, before a hundredth of them changed or after it.
select *
from read_parquet('../{{ env_var("BENCH_ROWS", "before") }}.parquet')
