{#- Every committed session of a model, with this run's rows in place of their old selves.

    `history.<layer>__<name>` leaves out the run's sessions; the plugin makes one for each parent of
    a model that calls this. -#}
{% macro history(layer, name) -%}
    (
        select * from history.{{ layer }}__{{ name }}
        union all by name
        select * from {{ ref(name) }}
    )
{%- endmacro %}

{#- The club's local days of this run's sessions, one row each: `local_day`. -#}
{% macro days_of_this_run() -%}
    (select local_day from run.day)
{%- endmacro %}
