{%- macro served_differences(features, served, entity, feature_view, runs, builds) -%}
{%- set names = [] -%}
{%- for key in entity -%}{%- do names.append(feature_store._unquoted(key)) -%}{%- endfor -%}
{%- set entity = feature_store._quoted_names(names) -%}
{%- set keys = entity | join(', ') -%}
{%- set dbt_columns = 'dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to' -%}
{%- set features_only -%}
columns(* exclude ({{ keys }}, known_at, {{ dbt_columns }}))
{%- endset -%}
{%- set hashes = feature_store._value_hash(features_only) -%}
-- Made by served_differences(): {{ feature_view }}, served and recomputed.
with

{{ feature_store._served_rows_sql(served, entity, feature_view, runs, builds, hashes) }}

{{ feature_store._recomputed_rows_sql(features, served, entity, hashes) }}

{{ feature_store._differing_pairs_sql(entity) }}

{{ feature_store._changed_features_sql(features, served, entity, dbt_columns) }}

{{ feature_store._named_differences_sql(served, entity, feature_view) }}
{%- endmacro -%}
