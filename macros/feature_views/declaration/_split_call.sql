{#- Split `head(inner)rest` at the first parenthesis and the one that closes it.

    Returns a mapping of head, inner, rest and has_comma (a comma directly inside the parentheses),
    or none if there is no parenthesis or the first one is not closed. Parentheses and commas in
    literals and quoted names do not count. -#}
{%- macro _split_call(text) -%}
    {%- set tokens = modules.re.findall('\'(?:[^\']|\'\')*\'|"(?:[^"]|"")*"|[\\s\\S]', text | trim) -%}
    {%- set at = namespace(depth=0, opened=none, closed=none, has_comma=false) -%}
    {%- for token in tokens if at.closed is none -%}
        {%- if token in ['(', '['] -%}
            {%- set at.depth = at.depth + 1 -%}
            {%- if at.opened is none -%}{%- set at.opened = loop.index0 -%}{%- endif -%}
        {%- elif token in [')', ']'] -%}
            {%- set at.depth = at.depth - 1 -%}
            {%- if at.depth == 0 -%}{%- set at.closed = loop.index0 -%}{%- endif -%}
        {%- elif token == ',' and at.depth == 1 -%}
            {%- set at.has_comma = true -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if at.closed is none or tokens[at.opened] != '(' -%}{{- return(none) -}}{%- endif -%}
    {{- return({
        'head': (tokens[:at.opened] | join) | trim,
        'inner': (tokens[at.opened + 1:at.closed] | join) | trim,
        'rest': (tokens[at.closed + 1:] | join) | trim,
        'has_comma': at.has_comma,
    }) -}}
{%- endmacro -%}
