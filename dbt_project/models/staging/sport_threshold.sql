-- What counts as fast, and what applies at all, by sport. To add a sport, add a row.
-- Null: the metric does not apply. Football: 19.8 and 25.2 km/h, customary and without consensus
-- (Varley 2017), so the settings go with every number that they made.
select
    sport,
    cast(high_speed_threshold_mps as double) as high_speed_threshold_mps,
    cast(sprint_threshold_mps as double) as sprint_threshold_mps,
    cast(effort_dwell_s as double) as effort_dwell_s,
    cast(acceleration_threshold_mps2 as double) as acceleration_threshold_mps2,
    cast(acceleration_dwell_s as double) as acceleration_dwell_s,
    is_on_foot,
    shape_min_athletes
from (
    values
        ('football', 5.5, 7.0, 1.0, 3.0, 0.5, true, 7),
        ('running', null, null, null, null, null, true, null),
        ('cycling', null, null, null, null, null, false, null),
        ('motorsport', null, null, null, null, null, false, null),
        ('swimming', null, null, null, null, null, false, null),
        ('rowing', null, null, null, null, null, false, null),
        ('other', null, null, null, null, null, false, null)
) as threshold (
    sport,
    high_speed_threshold_mps,
    sprint_threshold_mps,
    effort_dwell_s,
    acceleration_threshold_mps2,
    acceleration_dwell_s,
    is_on_foot,
    shape_min_athletes
)
