{#- Metabolic power of running, W/kg, from speed and acceleration along the path.

    Energy cost of constant uphill running on the slope that equals the acceleration, times speed
    (di Prampero 2005; cost of running 3.6 J/kg/m and terrain factor 1.29 as in Osgnach 2010).
    Braking gives no energy back, so never below zero. Null without an acceleration. -#}
{% macro metabolic_power(speed, acceleration) -%}
    {%- set slope = '(' ~ acceleration ~ ' / 9.81)' -%}
    case when {{ speed }} is not null and {{ acceleration }} is not null then
        greatest(0, (
            155.4 * pow({{ slope }}, 5) - 30.4 * pow({{ slope }}, 4) - 43.3 * pow({{ slope }}, 3)
            + 46.3 * pow({{ slope }}, 2) + 19.5 * {{ slope }} + 3.6
        ) * sqrt(1 + pow({{ slope }}, 2)) * 1.29 * {{ speed }})
    end
{%- endmacro %}

{#- Distance of a sample at or above a threshold; null where the sport has no such threshold. -#}
{% macro beyond(threshold) -%}
    case
        when speed_mps >= {{ threshold }} then distance_m
        when speed_mps < {{ threshold }} then 0
    end
{%- endmacro %}

{#- Number of efforts: none is 0, and null where the sport has no such threshold. -#}
{% macro counted(count, threshold) -%}
    case when threshold.{{ threshold }} is not null then coalesce(effort.{{ count }}, 0) end
        as {{ count }}
{%- endmacro %}

{#- Heart-rate zone of Edwards 1993: 1 from 50 % of the maximum, then one more every 10 %; 0 below.
    Beyond the maximum is zone 5. In whole tenths, so that 90 % of 200 is exactly 180. -#}
{% macro heart_rate_zone(heart_rate, maximum) -%}
    case
        {%- for zone in range(5, 0, -1) %}
        when {{ heart_rate }} * 10 >= {{ maximum }} * {{ zone + 4 }} then {{ zone }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{#- Weight of a minute in TRIMP of Banister 1991: share of the heart-rate reserve, times an
    exponential of it with one pair of constants for each sex. Null where the resting rate or the
    sex is not known, or the resting rate is not below the maximum. -#}
{% macro banister_weight(heart_rate, resting, maximum, sex) -%}
    {%- set reserve -%}
        greatest(0, ({{ heart_rate }} - {{ resting }}) / ({{ maximum }} - {{ resting }}))
    {%- endset -%}
    case
        when {{ resting }} is null or {{ resting }} >= {{ maximum }} then null
        when {{ sex }} = 'male' then {{ reserve }} * 0.64 * exp(1.92 * {{ reserve }})
        when {{ sex }} = 'female' then {{ reserve }} * 0.86 * exp(1.67 * {{ reserve }})
    end
{%- endmacro %}
