{#- The club's local day of a session: its id begins with it (`2019-11-09_football_…`), so that all
    devices of one session agree, also around midnight. -#}
{% macro local_day(session_id='session_id') -%}
    cast(left({{ session_id }}, 10) as date)
{%- endmacro %}

{#- The first value that is told, in this order. Deterministic: the order must be total. -#}
{% macro first_told(column, order_by) -%}
    first({{ column }} order by {{ order_by }}) filter (where {{ column }} is not null)
{%- endmacro %}

{#- Bits of `edge_ingest.records.Quality`, by name. A test holds the two together. -#}
{% macro quality_bits() -%}
    {%- set bits = {
        'estimated': 1, 'unidentified': 2, 'out_of_field': 4, 'implausible_speed': 8,
        'implausible_acceleration': 16, 'frozen': 32, 'poor_fix': 64, 'identity_swap': 128,
        'out_of_range': 256, 'recovered': 512, 'artefact': 1024, 'idle': 2048, 'misplaced_clock': 4096,
    } -%}
    {{ return(bits) }}
{%- endmacro %}

{#- Is one of these bits set? -#}
{% macro has_quality(names, column='quality') -%}
    {%- set bits = quality_bits() -%}
    {%- set mask = namespace(value=0) -%}
    {%- for name in names -%}{%- set mask.value = mask.value + bits[name] -%}{%- endfor -%}
    ({{ column }} & {{ mask.value }} <> 0)
{%- endmacro %}
