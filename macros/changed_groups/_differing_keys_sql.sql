{#- A query of the keys whose rows differ between two relations; the number of copies of a row
    counts. A null is a key too.

    received, built: relations with the same columns.
    keys: list of the key columns, quoted.
    columns: list of the columns that make a row, quoted.
    within: relation of keys that the rows are restricted to; none: all rows.
    within_keys: its columns, quoted. -#}
{%- macro _differing_keys_sql(received, built, keys, columns, within=none, within_keys=[]) -%}
select
    {%- for key in keys %}
    coalesce(received.{{ key }}, built.{{ key }}) as {{ key }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    {{- feature_store._fingerprints_sql(received, keys, columns, within, within_keys) }}
) as received
full outer join (
    {{- feature_store._fingerprints_sql(built, keys, columns, within, within_keys) }}
) as built
    on
        {%- for key in keys %}
        {{ 'and ' if not loop.first }}received.{{ key }} is not distinct from built.{{ key }}
        {%- endfor %}
where
    received.row_count is distinct from built.row_count
    or received.fingerprint is distinct from built.fingerprint
{%- endmacro -%}

{#- A query of the number of rows and the sum of their hashes by key. -#}
{%- macro _fingerprints_sql(relation, keys, columns, within, within_keys) %}
    {%- set compared = [] -%}
    {%- for column in columns -%}{%- do compared.append('compared.' ~ column) -%}{%- endfor %}
    select
        {%- for key in keys %}
        compared.{{ key }},
        {%- endfor %}
        count(*) as row_count,
        sum({{ feature_store._row_hash(compared) | indent(8) }}) as fingerprint
    {%- if within %}
    from (
        {{ feature_store._rows_of_keys_sql(relation, within, within_keys) | indent(8) }}
    ) as compared
    {%- else %}
    from {{ relation }} as compared
    {%- endif %}
    group by
        {%- for key in keys %}
        compared.{{ key }}{{ ',' if not loop.last }}
        {%- endfor %}
{%- endmacro -%}
