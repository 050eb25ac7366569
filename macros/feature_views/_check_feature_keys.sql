{#- End the build of a feature view, and roll it back, if two rows have the same entity and
    feature time, if one of these is null, or if a column is missing that every view has. The
    error says how many rows are wrong and shows one.

    declaration: the feature view, as in `config.meta.feature_view`.
    changed: of a windowed view that is built incrementally, the table of the entities whose
        rows were built: only the rows after the time from which they were built are checked.
        The SQL of a full build groups by entity and feature time itself. -#}
{%- macro _check_feature_keys(declaration, changed=none) -%}
    {%- set names = declaration.entity + ['feature_time'] -%}
    {%- set found = adapter.get_columns_in_relation(this)
        | map(attribute='name') | map('lower') | list -%}
    {%- set errors = [] -%}
    {%- for name in names + ['known_at'] if name | lower not in found -%}
        {%- do errors.append(
            name ~ ': the view has no such column; it has ' ~ found | join(', ')
            ~ '. Next: select it' ~ (', or correct entity' if name in declaration.entity)
            ~ (', such as max(loaded_at) of the rows that it is made from' if name == 'known_at')
        ) -%}
    {%- endfor -%}
    {%- if not errors and (not changed or context.get('_is_increment')) -%}
        {%- set keys = feature_store._quoted_names(names) -%}
        {%- set rows = 'from ' ~ this ~ ' as features' -%}
        {%- if changed -%}
            {%- set entity = feature_store._quoted_names(declaration.entity) -%}
            {%- set same = [] -%}
            {%- for key in entity -%}
                {%- do same.append('features.' ~ key ~ ' = changed.' ~ key) -%}
            {%- endfor -%}
            {%- set rows = rows ~ ' semi join ' ~ changed ~ ' as changed on ' ~ same | join(' and ')
                ~ ' and (changed._from_grain is null or features.feature_time > make_timestamp('
                ~ 'changed._from_grain * ' ~ feature_store._duration_us(declaration.grain) ~ '))' -%}
        {%- endif -%}
        {%- set is_null = keys | join(' is null or ') ~ ' is null' -%}
        {%- set parts = [] -%}
        {%- for key in keys -%}
            {%- do parts.append(feature_store._literal(names[loop.index0] ~ ' ')
                ~ " || coalesce(cast(" ~ key ~ " as varchar), 'null')") -%}
        {%- endfor -%}
        {%- set example = parts | join(" || ', ' || ") -%}
        {%- set nulls = run_query(
            'select count(*), min(' ~ example ~ ') ' ~ rows ~ ' where ' ~ is_null
        ).rows[0] -%}
        {%- set key_list = keys | join(', ') -%}
        {%- set repeated = run_query(
            'select count(*), min_by(' ~ example ~ ', (' ~ key_list ~ ')), max(_rows) from ('
            ~ 'select ' ~ key_list ~ ', count(*) as _rows ' ~ rows ~ ' where not (' ~ is_null ~ ')'
            ~ ' group by ' ~ key_list ~ ' having count(*) > 1)'
        ).rows[0] -%}
        {%- if nulls[0] -%}
            {%- do errors.append(
                nulls[0] ~ ' rows without ' ~ names | join(' or ') ~ ', such as ' ~ nulls[1]
                ~ '. Next: filter them out, or correct them'
            ) -%}
        {%- endif -%}
        {%- if repeated[0] -%}
            {%- do errors.append(
                '(' ~ names | join(', ') ~ ') is not unique: ' ~ repeated[0]
                ~ ' of them occur in up to ' ~ repeated[2] ~ ' rows each, such as ' ~ repeated[1]
                ~ '. Next: keep one row of each; '
                ~ 'where the view is incremental, build it with --full-refresh too'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do feature_store._raise_errors(feature_store._node_label(model), errors) -%}
{%- endmacro -%}
