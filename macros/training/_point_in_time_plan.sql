{#- The arguments of point_in_time_join() as a list of one mapping per view. Raises one error that
    lists every error in them. -#}
{%- macro _point_in_time_plan(feature_views, time, mode) -%}
    {%- set errors = [] -%}
    {%- if mode not in ['as_recomputed', 'as_served'] -%}
        {%- do errors.append('mode: as_recomputed or as_served is allowed; got ' ~ mode) -%}
    {%- endif -%}
    {%- if time is not string or not time -%}
        {%- do errors.append(
            'time: the name of the spine\'s time column is allowed; got ' ~ time
        ) -%}
    {%- endif -%}
    {%- if feature_views is string or feature_views is mapping or feature_views is not sequence
        or not feature_views -%}
        {%- do errors.append('feature_views: a list of mappings such as '
            ~ '{features: ref(…), entity: [customer_id]} is allowed; got ' ~ feature_views) -%}
        {%- set feature_views = [] -%}
    {%- endif -%}

    {%- set views, names, taken, spines = [], [], [], {} -%}
    {%- for given in feature_views -%}
        {%- set where = 'feature_views[' ~ loop.index0 ~ ']' -%}
        {%- set found = feature_store._point_in_time_view_errors(where, given) -%}
        {%- do errors.extend(found) -%}
        {%- if not found -%}
            {%- set name = feature_store._cte_name(given.features.identifier) -%}
            {%- do names.append(name | lower) -%}
            {%- set repeats = names | select('equalto', name | lower) | list | length -%}
            {%- set prefix = given.prefix or '' -%}
            {%- set entity = feature_store._entity_columns(given.entity) -%}
            {%- set keys = entity.values() -%}
            {%- set spine_columns = feature_store._quoted_names(keys) | join(', ') | lower -%}
            {%- set spine = feature_store._cte_name('spine_' ~ keys | join('_') | lower) -%}
            {%- if spine_columns not in spines -%}
                {#- [a_b, c] and [a, b_c] would have one name. -#}
                {%- set number = '__' ~ spines | length if spine in spines.values() else '' -%}
                {%- do spines.update({spine_columns: spine ~ number}) -%}
            {%- endif -%}
            {%- set columns = [] -%}
            {%- for feature in given.select or [] -%}
                {%- do columns.append(prefix ~ feature_store._unquoted(feature)) -%}
            {%- endfor -%}
            {%- do taken.extend(columns | map('lower')) -%}
            {%- do views.append({
                'name': name ~ ('__' ~ repeats if repeats > 1 else ''),
                'relation': given.features,
                'identifier': given.features.identifier,
                'entity': entity,
                'spine': spines[spine_columns],
                'select': given.select or none,
                'columns': columns,
                'prefix': prefix,
                'max_age_us': feature_store._duration_us(given.max_age) if given.max_age else none,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column in taken | unique if taken | select('equalto', column) | list | length > 1 -%}
        {%- do errors.append(
            'feature_views: ' ~ column ~ ' occurs twice. Next: give one of the views a prefix'
        ) -%}
    {%- endfor -%}
    {{- feature_store._raise_errors('point_in_time_join', errors) -}}
    {{- return(views) -}}
{%- endmacro -%}

{#- A name for a CTE that needs no quotes, from that of a relation or of columns. -#}
{%- macro _cte_name(name) -%}
    {{- return(modules.re.sub('^([0-9])', '_\\1', modules.re.sub('[^A-Za-z0-9_]', '_', name))) -}}
{%- endmacro -%}

{#- The key columns of a view with the spine's columns of these, from a list or a mapping. -#}
{%- macro _entity_columns(entity) -%}
    {%- set keys = {} -%}
    {%- for key in entity -%}
        {%- set column = entity[key] if entity is mapping else key -%}
        {%- do keys.update({feature_store._unquoted(key): feature_store._unquoted(column)}) -%}
    {%- endfor -%}
    {{- return(keys) -}}
{%- endmacro -%}
