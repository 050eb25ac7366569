{#- The definition of the model being built, as a hash: its SQL on a full build, the names and
    types of the columns that this SQL gives, and the SQL of the views that it reads. The same
    in a full and in an incremental run, while compiling and in hooks. Vars are part of it where
    the SQL has them. -#}
{%- macro model_definition() -%}
    {%- if '_kept_definition' not in context -%}
        {%- set parts = [feature_store._full_build(), feature_store._sql_above(model)] -%}
        {%- do context.update({'_kept_definition': local_md5(tojson(parts, sort_keys=true))}) -%}
    {%- endif -%}
    {{- return(context['_kept_definition']) -}}
{%- endmacro -%}
