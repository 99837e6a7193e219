"""Athlete-days of the club, from the tables of raw: what every model learns from.

Belongs here: what the tables say, as the frame of `athlete_days`, and the plan. A team is the
source that tells of its athletes' days: a diary, a simulated club.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from edge_ingest.records import DAY_KIND_OF, FIXTURES, INJURIES, WELLNESS
from resources.lakehouse import Lakehouse
from resources.landing_zone import LandingZone
from resources.provenance import DropRef
from sports_assets.workload.athlete_days import as_athlete_days

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_TABLES: Final = {"wellness": WELLNESS, "injuries": INJURIES, "fixtures": FIXTURES}
#: What of a day is told by whichever source tells it.
_TOLD: Final = (
    "session_load_au", "session_minutes", "match_minutes", "readiness", "fatigue", "soreness",
    "stress", "mood", "sleep_quality", "sleep_duration_h", "resting_heart_rate_bpm", "ln_rmssd",
)  # fmt: skip
#: Who told nothing for longer is taken to have left the squad, d.
LEFT_AFTER_D: Final = 28
#: Leagues fix their dates at least so long before, where a plan does not tell, d.
_KNOWN_AHEAD_D: Final = 14

# Whoever is told of by several sources (a diary, a watch) is of the squad of the first of them;
# what one does not tell of a day another may.
# Of a source that never tells a return, an injury ends with the first load after it. Else who has
# no return is still away: rehabilitation has load, too. An illness is an absence, and no injury.
_DAYS = f"""
with told as (
    select w.*, coalesce(c.athlete_id, w.source || ':' || w.source_athlete_id) as athlete_id,
        c.birth_date
    from wellness w left join crosswalk c using (source, source_athlete_id)
),
home as (
    select athlete_id, source as home, row_number() over (
        partition by athlete_id order by min(day), source) as place
    from told group by athlete_id, source
),
named as (
    select athlete_id, day, any_value(birth_date) as birth_date,
        {", ".join(f"arg_min({name}, place) as {name}" for name in _TOLD)}
    from (select told.*, home.home, home.place from told
        inner join home on home.athlete_id = told.athlete_id and home.home = told.source)
    group by athlete_id, day
),
span as (
    select athlete_id, home.home as source, any_value(birth_date) as birth_date,
        min(day) as first_day, max(day) as last_told
    from named inner join home using (athlete_id) where home.place = 1
    group by athlete_id, home.home
),
newest as (select source, max(last_told) as newest from span group by source),
calendar as (
    select source, athlete_id, birth_date, first_day,
        unnest(generate_series(first_day, if(newest - last_told <= {LEFT_AFTER_D}, newest,
            last_told), interval 1 day))::date as day
    from span inner join newest using (source)
),
hurt as (
    select i.source, s.athlete_id, i.source_injury_id, i.day, i.kind, s.first_day,
        i.kind <> 'illness' as is_injury,
        coalesce(i.return_day, (
            select min(n.day) from named n where n.athlete_id = s.athlete_id and n.day > i.day
                and n.session_load_au > 0
                and i.source not in (select source from injuries where return_day is not null)
        )) as return_day
    from injuries i
    left join crosswalk c using (source, source_athlete_id)
    inner join span s on s.athlete_id
        = coalesce(c.athlete_id, i.source || ':' || i.source_athlete_id)
    where coalesce(i.is_time_loss, true)
),
away as (
    select calendar.athlete_id, calendar.day,
        bool_or(hurt.is_injury and hurt.day = calendar.day) as injury_start,
        any_value(hurt.kind) filter (hurt.is_injury and hurt.day = calendar.day) as injury_kind,
        true as is_injured
    from calendar inner join hurt on hurt.athlete_id = calendar.athlete_id
        and calendar.day >= hurt.day
        and (hurt.return_day is null or calendar.day < greatest(hurt.return_day, hurt.day + 1))
    group by calendar.athlete_id, calendar.day
),
prior as (
    select athlete_id, count(*) as injuries from hurt where is_injury and day < first_day group by 1
)
select calendar.athlete_id, calendar.source as team, calendar.day,
    named.session_load_au as load_au, named.session_minutes as minutes,
    coalesce(named.match_minutes > 0, false) as is_match,
    coalesce(away.injury_start, false) as injury_start,
    coalesce(away.is_injured, false) as is_injured, away.injury_kind,
    named.readiness, named.fatigue, named.soreness, named.stress, named.mood, named.sleep_quality,
    named.sleep_duration_h, named.resting_heart_rate_bpm, named.ln_rmssd,
    (calendar.day - calendar.birth_date) / 365.25 as age_years,
    coalesce(prior.injuries, 0)::double as prior_injuries
from calendar
left join named using (athlete_id, day)
left join away using (athlete_id, day)
left join prior using (athlete_id)
order by 1, 3
"""  # noqa: S608 - numbers of our own

_INJURIES = """
select i.source_injury_id as injury_id,
    coalesce(c.athlete_id, i.source || ':' || i.source_athlete_id) as athlete_id,
    i.source as team, i.day, i.return_day, i.kind, i.body_part,
    greatest(i.day, (select max(day) from wellness)) as observed_through,
    (i.day - c.birth_date) / 365.25 as age_years,
    (rank() over (partition by coalesce(c.athlete_id, i.source || ':' || i.source_athlete_id)
        order by i.day) - 1)::double as previous_injuries
from injuries i left join crosswalk c using (source, source_athlete_id)
where coalesce(i.is_time_loss, true) and i.kind <> 'illness'
order by athlete_id, day, injury_id
"""

# A plan of a source that tells of no days, such as the league's, is of every squad. A withdrawn row
# says from when on the plan no longer told of the fixture of that day.
_FIXTURES = f"""
with squad as (select distinct source from wellness),
plan as (
    select f.*, squad.source is null as is_of_all
    from fixtures f left join squad using (source)
),
placed as (
    select plan.*, coalesce(plan.team, squad.source) as squad_team
    from plan left join squad
        on plan.team is null and (plan.is_of_all or squad.source = plan.source)
)
select placed.squad_team as team, placed.day,
    coalesce(placed.known_from, placed.day - {_KNOWN_AHEAD_D}) as known_from,
    gone.known_from as withdrawn_from
from placed
left join fixtures gone on gone.source = placed.source and gone.day = placed.day
    and gone.source_fixture_id = placed.source_fixture_id and gone.is_withdrawn
where not placed.is_withdrawn and placed.squad_team is not null
order by 1, 2
"""  # noqa: S608


@dataclass(frozen=True)
class Squads:
    """What the lakehouse knows of the squads.

    Attributes:
        days: athlete-days of `as_athlete_days`; empty where nobody told of a day.
        fixtures: team, day, known_from, withdrawn_from.
        injuries: time-loss injuries: injury_id, athlete_id, team, day, return_day (NaT: not told),
            kind, body_part, observed_through, age_years, previous_injuries (told before it, of the
            same athlete).
        snapshots: at which each table was read, by key.
        to_come: rows that were left out because their day has not come yet.
    """

    days: "pd.DataFrame"
    fixtures: "pd.DataFrame"
    injuries: "pd.DataFrame"
    snapshots: dict[str, int]
    to_come: int = 0


def read_squads(lakehouse: Lakehouse, crosswalk: pa.Table, today: date) -> Squads:
    """Read all that was told of days, injuries and fixtures.

    A day that has not come yet, as by a mistyped year, is left out: with it everybody would have
    been silent ever since.

    Args:
        crosswalk: of `edge_ingest.identity.ATHLETES_SCHEMA`; who is not in it is named by the
            source's own id.
        today: the club's.
    """
    import pandas as pd

    snapshots: dict[str, int] = {}
    with lakehouse.connect() as connection:
        for name, contract in _TABLES.items():
            read = lakehouse.view(connection, contract, f"all_{name}")
            if read is not None:
                snapshots[contract.key] = read
            has_come = "true" if name == "fixtures" else f"day <= date '{today.isoformat()}'"
            connection.execute(
                f"create temp view {name} as select * from all_{name} where {has_come}"  # noqa: S608 - names and a day of our own
            )
        ((to_come,),) = connection.sql(
            "select (select count(*) from all_wellness) - (select count(*) from wellness) "
            "+ (select count(*) from all_injuries) - (select count(*) from injuries)"
        ).fetchall()
        connection.register("crosswalk", crosswalk)
        days = _frame(connection, _DAYS, ("day",))
        injuries = _frame(connection, _INJURIES, ("day", "return_day", "observed_through"))
        fixtures = _frame(connection, _FIXTURES, ("day", "known_from", "withdrawn_from"))
    if days.empty:
        return Squads(days, fixtures, injuries, snapshots, to_come)
    for name in ("injury_start", "is_injured", "is_match"):
        days[name] = days[name].astype(bool)
    days["injury_kind"] = (
        days["injury_kind"].astype(object).where(days["injury_kind"].notna(), None)
    )
    days["age_years"] = pd.to_numeric(days["age_years"])
    # Medical staff tell of injuries by a source of their own: the squad is the athlete's.
    squad = days.drop_duplicates("athlete_id").set_index("athlete_id")["team"]
    injuries["team"] = injuries["athlete_id"].map(squad).fillna(injuries["team"])
    return Squads(as_athlete_days(days), fixtures, injuries, snapshots, to_come)


def day_drops(
    lakehouse: Lakehouse, zone: LandingZone, snapshots: Mapping[str, int]
) -> tuple[DropRef, ...]:
    """The drops about days that had come when tables were as these snapshots have them, by stream.

    Args:
        snapshots: read, by key of the table; tables that no drop about days fills are passed over.
    """
    found = []
    for key, read in snapshots.items():
        kind = DAY_KIND_OF.get(key.removeprefix("raw/"))
        if kind is None:
            continue
        (at,) = (
            one.committed_at_utc for one in lakehouse.snapshots(key) if one.snapshot_id == read
        )
        found += [
            DropRef(
                drop_id=drop.manifest.drop_id,
                stream_id=drop.manifest.stream_id,
                revision=drop.manifest.revision,
            )
            for drop in zone.active_days(kind)
            if drop.arrived_ns <= at.timestamp() * 1e9
        ]
    return tuple(sorted(found, key=lambda one: one.stream_id))


def _frame(
    connection: "duckdb.DuckDBPyConnection", query: str, day_columns: tuple[str, ...]
) -> "pd.DataFrame":
    import pandas as pd

    frame = connection.sql(query).df()
    for name in day_columns:
        frame[name] = pd.to_datetime(frame[name])
    return frame
