{#- The columns that one_hot() makes for a list of categories: column name to text of the category.
    Raises one error that lists every error in the list. -#}
{%- macro _one_hot_columns(column, categories) -%}
    {%- if categories is string or categories is mapping or categories is not sequence
        or not categories -%}
        {{- feature_store._raise_errors('one_hot', [
            'categories: a list of categories is allowed, or none for one list of all; got '
            ~ (categories or 'an empty one')
        ]) -}}
    {%- endif -%}
    {%- set at = namespace(errors=[]) -%}
    {%- set columns = {} -%}
    {%- for category in categories -%}
        {%- set text = feature_store._category_text(category) -%}
        {%- if text is none -%}
            {%- set at.errors = at.errors + [
                'categories: texts, whole numbers and booleans are allowed; got ' ~ category
            ] -%}
        {%- else -%}
            {%- set slug = modules.re.sub('[\\W_]+', '_', text | lower).strip('_') -%}
            {%- set name = column ~ '_is_' ~ slug -%}
            {%- if not slug -%}
                {%- set at.errors = at.errors + [
                    'categories: texts with a letter or digit, to name a column, are allowed; got '
                    ~ text
                ] -%}
            {%- elif slug == 'other' or name in columns -%}
                {%- set at.errors = at.errors + [
                    'categories: names that differ are allowed; got ' ~ text
                    ~ ', whose column ' ~ name ~ ' is that of '
                    ~ (columns[name] if name in columns else 'all other categories')
                ] -%}
            {%- else -%}
                {%- set _ = columns.update({name: text}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- feature_store._raise_errors('one_hot', at.errors) -}}
    {{- return(columns) -}}
{%- endmacro -%}

{#- The text of a category in SQL, or none if the value cannot be a category. -#}
{%- macro _category_text(category) -%}
    {%- if category is boolean -%}{{- return('true' if category else 'false') -}}{%- endif -%}
    {%- if category is string or category is integer -%}{{- return(category | string) -}}{%- endif -%}
    {{- return(none) -}}
{%- endmacro -%}
