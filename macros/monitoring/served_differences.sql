{#- A query of the entities whose served values are not those that the feature table gives today for
    the same times, with the reason. One row per entity, served row, row it should have been, and
    reason; runs that share all of these are counted in it.

    Over all entities and runs only keys, times and a hash of 64 bits are compared; where the hashes
    differ, the features are, one by one, in their own types.

    features: relation of the feature view's version.
    served: relation of the snapshot of its served rows.
    entity: list of the key columns.
    feature_view: the view with its version, such as customer_purchases:v2.
    runs: relation of the served runs, operations.served_runs.
    builds: relation of what was built last, operations.view_builds. -#}
{%- macro served_differences(features, served, entity, feature_view, runs, builds) -%}
{%- set names = [] -%}
{%- for key in entity -%}{%- do names.append(feature_store._plain_name(key)) -%}{%- endfor -%}
{%- set entity = feature_store._quoted_names(names) -%}
{%- set keys = entity | join(', ') -%}
{%- set dbt_columns = 'dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to' -%}
{%- set features_only -%}
columns(* exclude ({{ keys }}, known_at, {{ dbt_columns }}))
{%- endset -%}
{%- set hashes = feature_store._value_hash(features_only) -%}
-- Made by served_differences(): {{ feature_view }}, served and recomputed.
with

{{ feature_store._served_then_sql(served, entity, feature_view, runs, builds, hashes) }}

{{ feature_store._recomputed_then_sql(features, served, entity, hashes) }}

{{ feature_store._differing_pairs_sql(entity) }}

{{ feature_store._changed_features_sql(features, served, entity, dbt_columns) }}

{{ feature_store._named_differences_sql(served, entity, feature_view) }}
{%- endmacro -%}
