{#- The model that the running generic test is attached to, as dbt parsed it. While dbt still parses,
    there is no graph to look in: a model without columns. -#}
{% macro tested_model() -%}
    {%- set unknown = {'columns': {}, 'config': {'meta': {'primary_key': []}}} -%}
    {{ return(graph.nodes[model.attached_node] if execute else unknown) }}
{%- endmacro %}

{#- A name for a row that says nothing about anybody: hash of its primary key. Events and messages
    may carry it, and who may read the table can find the row. -#}
{% macro row_hash() -%}
    md5(concat_ws('|', {{ tested_model().config.meta.primary_key | join(', ') }}))
{%- endmacro %}
