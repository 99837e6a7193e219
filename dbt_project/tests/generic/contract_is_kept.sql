{#- Every column keeps to its contract: null only with a meaning, finite, in bounds, of its list. -#}
{% test contract_is_kept(model) %}
{%- set rules = [] -%}
{%- for column in tested_model().columns.values() -%}
    {%- set meta = column.config.meta -%}
    {%- set name = column.name -%}
    {%- if 'null_means' not in meta -%}
        {%- do rules.append((name ~ ' is null', name ~ ' is null')) -%}
    {%- endif -%}
    {%- if column.data_type == 'double' -%}
        {%- do rules.append((name ~ ' is not finite', 'not isfinite(' ~ name ~ ')')) -%}
    {%- endif -%}
    {%- if 'minimum' in meta -%}
        {%- do rules.append((name ~ ' is below ' ~ meta.minimum, name ~ ' < ' ~ meta.minimum)) -%}
    {%- endif -%}
    {%- if 'maximum' in meta -%}
        {%- do rules.append((name ~ ' is above ' ~ meta.maximum, name ~ ' > ' ~ meta.maximum)) -%}
    {%- endif -%}
    {%- if 'allowed' in meta -%}
        {%- set listed = "'" ~ meta.allowed | join("', '") ~ "'" -%}
        {%- do rules.append((name ~ ' is not of its list', name ~ ' not in (' ~ listed ~ ')')) -%}
    {%- endif -%}
{%- endfor -%}
select * from (
    select
        unnest([
            {%- for rule, condition in rules %}
            case when {{ condition }} then '{{ rule }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as rule,
        {{ row_hash() }} as row_hash
    from {{ model }}
)
where rule is not null
{% endtest %}
