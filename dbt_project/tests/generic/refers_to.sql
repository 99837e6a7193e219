{#- Every row has its partner in another model, by these columns; a null refers to nothing. -#}
{% test refers_to(model, to, columns) %}
select 'no partner in {{ to.identifier }}' as rule, {{ row_hash() }} as row_hash
from {{ model }}
anti join {{ to }} using ({{ columns | join(', ') }})
where {{ columns | join(' is not null and ') }} is not null
{% endtest %}
