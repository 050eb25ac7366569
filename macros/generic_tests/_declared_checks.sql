{#- The checks of single values, as [{column, name, fails}] with SQL of the condition that a wrong row
    meets. A NaN is within no bounds.

    node: a feature view or an online view. -#}
{%- macro _declared_checks(node, declaration) -%}
    {%- set checks = [] -%}
    {%- set bounded = feature_store._declared_features(declaration) -%}
    {%- for column in feature_store._never_null(node, declaration, bounded) -%}
        {%- do checks.append({
            'column': column, 'name': 'not_null',
            'fails': feature_store._quoted(column) ~ ' is null',
        }) -%}
    {%- endfor -%}
    {%- for column, feature in bounded.items() if 'min' in feature or 'max' in feature -%}
        {%- set quoted = feature_store._quoted(column) -%}
        {%- set type = ((node.columns or {}).get(column) or {}).get('data_type') or 'double' -%}
        {%- set may_be_nan = modules.re.match('(?i)double|float|real', type) -%}
        {%- set is_nan = 'isnan(cast(' ~ quoted ~ ' as double))' -%}
        {%- if may_be_nan -%}
            {%- do checks.append({'column': column, 'name': 'not_a_number', 'fails': is_nan}) -%}
        {%- endif -%}
        {%- for key, name, sign in [('min', 'below_min', '<'), ('max', 'above_max', '>')]
            if key in feature -%}
            {%- do checks.append({
                'column': column,
                'name': name,
                'fails': '(' ~ quoted ~ ' ' ~ sign ~ ' ' ~ feature_store._literal(feature[key])
                    ~ (' and not ' ~ is_nan if may_be_nan else '') ~ ')',
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(checks) -}}
{%- endmacro -%}

{#- The features of a declaration by column, each with what is declared of it. -#}
{%- macro _declared_features(declaration) -%}
    {%- set features = {} -%}
    {%- for name, given in (declaration.get('aggregates') or {}).items() -%}
        {%- set aggregate = given if given is mapping else {'sql': given} -%}
        {%- for window in aggregate.get('windows') or declaration.get('windows') or [] -%}
            {%- do features.update({name ~ '_' ~ window: aggregate}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name, given in (declaration.get('derived') or {}).items() -%}
        {%- set feature = {} -%}
        {%- for key in ['min', 'max'] if given is mapping and key in given -%}
            {%- do feature.update({key: given[key]}) -%}
        {%- endfor -%}
        {%- do features.update({name: feature}) -%}
    {%- endfor -%}
    {{- return(features) -}}
{%- endmacro -%}

{#- The columns without nulls: keys, times, and those with a not_null constraint in the YAML; where no
    column has a constraint, those that the declaration says so of. -#}
{%- macro _never_null(node, declaration, features) -%}
    {%- set found = declaration.entity + ['feature_time', 'known_at'] -%}
    {%- set constrained = [] -%}
    {%- for column in (node.columns or {}).values()
        if 'not_null' in (column.constraints or []) | map(attribute='type') | map('string') | list -%}
        {%- do constrained.append(column.name) -%}
    {%- endfor -%}
    {%- if not constrained -%}
        {%- for column, feature in features.items()
            if modules.re.match('(?i)\\s*count\\s*\\(', feature.get('sql') or '') -%}
            {%- do constrained.append(column) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return((found + constrained) | unique | list) -}}
{%- endmacro -%}
