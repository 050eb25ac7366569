-- The rows of the Parquet file that Feast reads, in its order; times as this project keeps them.
select
    * replace (
        feature_time at time zone 'UTC' as feature_time,
        known_at at time zone 'UTC' as known_at
    )
from read_parquet('../features.parquet')
