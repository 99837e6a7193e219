{#- A sum that does not depend on the order of rows; null without a value.

    Threads add floating-point numbers in any order, and the last bits differ from run to run; the
    same rows must give the same content hash. So: whole steps of 1/`steps`, added as integers.
    A value of 9.2e18 / `steps` or more overflows, and is an error. -#}
{% macro exact_sum(value, steps='1e9') -%}
    (sum(cast(round(({{ value }}) * {{ steps }}) as bigint)) / {{ steps }})
{%- endmacro %}

{#- Mean on the same terms. -#}
{% macro exact_mean(value, steps='1e9') -%}
    ({{ exact_sum(value, steps) }} / nullif(count({{ value }}), 0))
{%- endmacro %}
