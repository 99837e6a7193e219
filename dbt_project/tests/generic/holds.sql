{#- A condition holds in every row where it can be decided; unknown is not false. -#}
{% test holds(model, condition) %}
select {{ "'" ~ condition | replace("'", "''") ~ "'" }} as rule, {{ row_hash() }} as row_hash
from {{ model }}
where not ({{ condition }})
{% endtest %}
