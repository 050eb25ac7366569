{#- dbt's own macro would drop the offset of a time when it loads the seed. -#}
{%- macro duckdb__create_csv_table(model, agate_table) -%}
    {%- set given = model['config'].get('column_types', {}) -%}
    {%- set columns, errors = [], [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = given.get(name) or adapter.convert_type(agate_table, loop.index0) -%}
        {%- if name not in given and type == 'timestamp without time zone' -%}
            {%- set type = feature_store._seed_time_type(agate_table.columns[name].values()) -%}
            {%- if type is none -%}
                {%- do errors.append(model.name ~ '.' ~ name ~ ': times all with an offset or all '
                    ~ 'without (UTC) are allowed; got both') -%}
            {%- endif -%}
        {%- endif -%}
        {%- do columns.append(
            adapter.quote_seed_column(name | string, model['config'].get('quote_columns')) ~ ' ' ~ type
        ) -%}
    {%- endfor -%}
    {{- feature_store._raise_errors('seed', errors) -}}
    {%- set sql = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ')' -%}
    {%- call statement('_') -%}
    {{ sql }}
    {%- endcall -%}
    {{- return(sql) -}}
{%- endmacro -%}

{#- The type of a seed's column of times, or none where only some of them have an offset. -#}
{%- macro _seed_time_type(times) -%}
    {%- set known = times | select('defined') | reject('none') | list -%}
    {%- set with_offset = known | selectattr('tzinfo') | list | length -%}
    {%- if not with_offset -%}{{- return('timestamp') -}}{%- endif -%}
    {{- return('timestamptz' if with_offset == known | length else none) -}}
{%- endmacro -%}
