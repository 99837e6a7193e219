{#- No two rows share the primary key of the contract. -#}
{% test key_is_unique(model) %}
select 'duplicate_key' as rule, {{ row_hash() }} as row_hash
from {{ model }}
group by all
having count(*) > 1
{% endtest %}
