"""Wrong settings, files and arguments for commands."""

from __future__ import annotations

#: Settings that are wrong for every command.
SETTINGS = {
    "FEATURE_STORE_MEMORY_LIMIT": [
        *("plenty", "", "0", "-1", "10", "10XB", "1e3GB", "200%", "0GB", "1KB", "９GB", "none"),
        "9" * 40 + "GB",
    ],
    "FEATURE_STORE_WAREHOUSE": [
        *("", " ", ":memory:", "md:x", "s3://bucket/x.duckdb", "data", "labels.csv/w.duckdb"),
        *("features.duckdb", "Features.x.duckdb", "operations.duckdb", "main.duckdb", "temp"),
        *("a#b.duckdb", 'quo"te.duckdb', "loop/w.duckdb", "x" * 400, "..", "new\nline"),
    ],
    "FEATURE_STORE_LOCK_LEASE": ["x", "0", "-1", "nan", "inf"],
    "FEATURE_STORE_ALLOW_DEPRECATED": ["yes", "2"],
    "FEATURE_STORE_PROJECT_DIR": ["nowhere", "data", "labels.csv", "x" * 5000],
    "DBT_TARGET": ["prod", " dev"],
    "DBT_PROFILE": ["other"],
    "DBT_PROFILES_DIR": ["nowhere", "labels.csv"],
    "DBT_TARGET_PATH": ["labels.csv", "labels.csv/x", "x" * 300],
}
#: What a command that reads every setting may be; each case takes the next one.
READERS = ("get_features", "load_raw", "export_to_redis", "refresh", "build_training_set")
PROFILES = [
    *(None, "", "[]", "1", "a: [", "\t", "- x", "other: {}", "tiny: 1", "tiny: {outputs: 1}", "*a"),
    "tiny: {target: dev, outputs: {}}",
    "tiny: {target: dev, outputs: {dev: }}",
    "tiny: {target: dev, outputs: {dev: {type: postgres}}}",
    "tiny: {target: dev, outputs: {dev: {type: duckdb}}}",
    "tiny: {target: dev, outputs: {dev: {type: duckdb, path: 5}}}",
    "tiny: {target: dev, outputs: {dev: {type: duckdb, path: '{{ x }}'}}}",
    "tiny: {target: dev, outputs: {dev: {type: duckdb, path: '{{ 1 / 0 }}'}}}",
    "tiny: {target: dev, outputs: {dev: {type: duckdb, path: '{% for'}}}",
    "tiny: {target: \"{{ env_var('NOT_SET') }}\", outputs: {dev: {type: duckdb}}}",
]
ARGUMENTS = [
    *("get_features", "get_features customer", "get_features customer 1 2"),
    *("get_features customer x", "get_features customer 99999999999999999999", "get_features x 1"),
    *("get_features customer -x", "get_features customer 1 --feature"),
    "get_features customer|shop 1",
    *("get_features customer 1 --feature x:y", "get_features customer 1 --max-age 5"),
    *("get_features customer 1 --at x", "get_features customer 1 --target x"),
    *("get_features_at customer 1", "get_features_at customer 1 --at 2017-13-01"),
    *("get_features_at customer 1.5 --at 2017-01-05", "get_features_at customer 1 --at -5"),
    *("explain_feature customer 1 purchases --at 2017-01-05",),
    *("explain_feature customer 1 purchases:x --at 2017-01-05",),
    *("explain_feature customer 1 purchases:orders_7d --at 2017-01-05 --limit -1",),
    *("load_raw --start x", "load_raw --start 2017-01-02 --end 2017-01-01", "load_raw --table x"),
    *("load_raw --wait x", "load_raw --wait -1", "load_raw --wait nan", "load_raw x"),
    *("check_raw", "check_raw --start 2017-01-01 --end 2017-01-01", "check_raw --end x"),
    *("export_to_redis --verify x", "export_to_redis --verify -1", "export_to_redis --view x"),
    *("export_to_redis --max-mismatch 2", "export_to_redis --max-mismatch nan"),
    *("check_consistency --sample 0", "check_consistency --seed -1", "check_consistency --view x"),
    *("refresh --start 2017-01-02 --end 2017-01-01", "refresh --end x", "refresh --wait x"),
    *("replay", "replay --start 2017-01-01 --end 2017-01-02 --every x"),
    "replay --start 2017-01-01 --end 2017-01-02 --warehouse features.duckdb",
    "replay --start 2017-01-01 --end 2017-01-02 --warehouse labels.csv/w.duckdb",
    "replay --start 2017-01-01 --end 2017-01-02 --warehouse tiny.duckdb",
    *("serving_time", "serving_time --end x", "build_training_set --verify nowhere"),
    *("build_training_set", "build_training_set --labels x --out y --service churn"),
    "build_training_set --service x --labels labels.csv --out y",
    "build_training_set --feature purchases --labels data --out y",
    "build_training_set --feature purchases --labels labels.csv --out y --mode x",
    "build_training_set --feature purchases --labels labels.csv --out y --time x",
    "build_training_set --feature purchases --labels labels.csv --out y --label-window 5",
]
#: What the warehouse's file may hold, or what is done in it.
WAREHOUSES = {
    **{"empty": b"", "text": b"text\n" * 5000, "sqlite": b"SQLite format 3\0" + bytes(5000)},
    **{"cut short": 0.3, "cut in half": 0.5, "random bytes": 1, "more of them": 2},
    "no operations": "drop schema operations cascade",
    "no features": "drop schema features cascade",
    "no snapshots": "drop schema snapshots cascade",
    "renamed results": "alter table operations.dbt_results rename column status to x",
    "renamed feature": "alter table features.purchases_v2 rename column spend_7d to x; "
    "alter table snapshots.served_purchases_v2 rename column spend_7d to x",
    "error in a view": "drop table features.purchases_v2; create view features.purchases_v2 as "
    "select 1 as customer_id, timestamp '2017-01-01' as feature_time, error('x') as orders_7d, "
    "1 as spend_7d, true as is_new, null::timestamp as known_at",
    "null results": "update operations.dbt_results set status = null, message = null",
}
OF_WAREHOUSE = ("export_to_redis", "get_features_at", "explain_feature", "build_training_set")
MANIFESTS = [None, "", "{", "[]", "null", "1", "{}", "[" * 100_000, '{"metadata": {}, "nodes": 1}']
