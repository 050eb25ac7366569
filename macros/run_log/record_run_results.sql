{%- macro record_run_results(results) -%}
    {%- if execute -%}{%- do feature_store._log_declaration_failures(results) -%}{%- endif -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] and results %}
        insert or replace into {{ feature_store._operations('dbt_results') }} values
            {%- for result in results %}
            (
                '{{ result.node.unique_id }}',
                '{{ result.status }}',
                '{{ (result.message or "") | string | replace("'", "''") }}',
                '{{ invocation_id }}',
                '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
            ){{ ',' if not loop.last }}
            {%- endfor %};
    {%- endif -%}
{%- endmacro -%}
