"""Simulated clubs whose models are watched day by day, as `ops/drift` and its sensor do it.

The functions are those of the product; only the calendar is run through fast. The injury model of
each club is its own, learned from its first two seasons, and learned again whenever the policy of
retraining says so. The other models are watched by what they read, and by what one champion of each
says, learned from another club.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pandas as pd

from edge_ingest.simulate.calendar import STABLE, YEAR_D, Scenario
from edge_ingest.simulate.club import FIRST_DAY, Settings, simulate
from edge_ingest.simulate.tables import athlete_days, fixtures, injuries
from resources.model_contracts import FEATURE_WORKLOAD
from resources.profiler_whylogs import WhylogsProfiler
from resources.retraining import (
    Ask,
    Cause,
    PastTraining,
    RetrainingPolicy,
    RunState,
    answer,
)
from sports_assets.mlops.drift_findings import Finding
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile, week_profiles
from sports_assets.mlops.watching import (
    REFERENCE_WEEKS,
    Watched,
    judge_model,
    judge_risk,
    last_whole_week,
    plan_of_squads,
)
from sports_assets.models.injury_risk.fit import fit
from sports_assets.models.injury_risk.history import history_of
from sports_assets.models.injury_risk.seasons import said_in_season
from sports_assets.models.injury_risk.shape import InjuryRiskKind
from sports_assets.models.shape import ModelKind, squads_of, teams_of
from sports_assets.workload.athlete_days import as_athlete_days
from sports_assets.workload.features import INPUTS, workload_features
from sports_assets.workload.history import Squads

#: The first day that is watched: two seasons, and the summer after, were learned from.
WATCHED_FROM: Final = FIRST_DAY + timedelta(days=2 * YEAR_D)
#: Weeks before the reference that norms need.
_NORM_WEEKS: Final = 12
_DAY: Final = timedelta(days=1)
#: Days without one that make the next alarm another one; the cool-down of a training.
_APART: Final = RetrainingPolicy().cool_down
_CAUSES: Final = {"decay": Cause.DECAY, "device_change": Cause.DEVICE_CHANGE}


@dataclass(frozen=True)
class Club:
    """One club's history, and the features of it."""

    squads: Squads
    features: "pd.DataFrame"
    plan: WeekPlan

    @property
    def last_day(self) -> date:
        """The newest day."""
        return date.fromisoformat(str(self.squads.days["day"].max().date()))


@dataclass(frozen=True)
class Alarm:
    """A verdict of `act` after two weeks without.

    Attributes:
        model: that it is about.
        day: on which the asset would have said so.
        finding: the first of that day.
        kinds: of all findings of `act` on that day.
    """

    model: str
    day: date
    finding: Finding
    kinds: frozenset[str]


@dataclass(frozen=True)
class Course:
    """What a season brought for one model of one club.

    Attributes:
        alarms: in order.
        trainings: days on which the policy had it trained again.
        said: predictions as they were said, for the injury model; athlete_id, day, probability.
    """

    alarms: Sequence[Alarm]
    trainings: Sequence[date]
    said: "pd.DataFrame"

    def first(self, since: date) -> Alarm | None:
        """The first alarm from a day on."""
        return next((one for one in self.alarms if one.day >= since), None)


def squads_from(settings: Settings) -> Squads:
    """What a lakehouse would tell of simulated clubs."""
    played = simulate(settings)
    plan, hurt = fixtures(played).to_pandas(), injuries(played).to_pandas()
    for frame, names in (
        (plan, ("day", "known_from")), (hurt, ("day", "return_day", "observed_through")),
    ):  # fmt: skip
        for name in names:
            frame[name] = pd.to_datetime(frame[name])
    return Squads(as_athlete_days(athlete_days(played).to_pandas()), plan, hurt, {})


def clubs_of(seed: int, count: int, scenario: Scenario = STABLE) -> Iterator[Club]:
    """Clubs of 25 athletes and three seasons, the last of which is watched."""
    every = squads_from(Settings(seed=seed, clubs=count, scenario=scenario))
    features = workload_features(every.days, every.fixtures)
    for team in teams_of(every):
        squads = squads_of(every, [team])
        day = squads.days["day"]
        plan = plan_of_squads(squads.fixtures, [team], day.min().date(), day.max().date())
        assert plan is not None
        yield Club(squads, features[features["team"] == team].reset_index(drop=True), plan)


def shifted(club: Club, column: str, size_sd: float, since: date) -> Club:
    """The same club with a feature so many of its standard deviations higher from a day on."""
    values = club.features[column]
    known = values[club.features["day"] < pd.Timestamp(WATCHED_FROM)]
    late = club.features["day"] >= pd.Timestamp(since)
    moved = club.features.assign(**{column: values + late * (size_sd * known.std())})
    return replace(club, features=moved)


def profiles_of(club: Club, columns: Sequence[str] = INPUTS) -> list[WeekProfile]:
    """Weekly profiles of a club's features: reference, what norms need before it, the season."""
    weeks = [one for one in club.plan.matches if one >= _first_week()]
    return week_profiles(
        club.features, WhylogsProfiler(), set_name=FEATURE_WORKLOAD.key, columns=columns,
        weeks=weeks, unusual=club.plan.unusual,
    )  # fmt: skip


def _first_week() -> date:
    return last_whole_week(WATCHED_FROM) - timedelta(weeks=REFERENCE_WEEKS + _NORM_WEEKS)


@dataclass
class Watch:
    """One model of one club through the season; see `run`."""

    club: Club
    kind: ModelKind
    payload: bytes | None
    profiles: Sequence[WeekProfile]
    trained_through: date = WATCHED_FROM - _DAY
    past: list[PastTraining] = field(default_factory=list)

    def run(self, until: date | None = None) -> Course:
        """Judge every day of the season, and train when the policy says so."""
        alarms: list[Alarm] = []
        trainings: list[date] = []
        last_act = date.min
        said, told = self._said(WATCHED_FROM), list(self.profiles)
        told += self._profiles_of(said)
        judged_said = self._in_season(said)
        weekly: list[Finding] = []
        judged = self.trained_through
        day = WATCHED_FROM
        while day <= (until or self.club.last_day):
            week = last_whole_week(day)
            if week > judged:
                weekly, judged = self._weekly(told, week), week
            acts = [one for one in (*weekly, *self._daily(judged_said, day, week)) if _acts(one)]
            acts = [one for one in acts if one.day > self.trained_through]
            if acts:
                if day - last_act > _APART:
                    kinds = frozenset(one.kind for one in acts)
                    alarms.append(Alarm(self.kind.name, day, acts[0], kinds))
                last_act = day
            if self._is_trained_on(day, acts):
                trainings.append(day)
                said, told = self._after_training(day, said, told)
                judged_said = self._in_season(said)
            day += _DAY
        return Course(alarms, trainings, said)

    def _weekly(self, told: Sequence[WeekProfile], week: date) -> list[Finding]:
        key, name = self.kind.contract.key, value_column(self.kind)
        watched = Watched(self.kind.name, self.trained_through, self.kind.watched, (key, name))
        return judge_model(
            watched, told, features_key=FEATURE_WORKLOAD.key, week=week, plan=self.club.plan,
            profiler=None,
        )  # fmt: skip

    def _daily(self, said: "pd.DataFrame", day: date, week: date) -> list[Finding]:
        """Injuries against those expected, by what the champion of now has said so far."""
        if self.kind.name != InjuryRiskKind.name or said.empty:
            return []
        since, until = pd.Timestamp(self.trained_through), pd.Timestamp(day)
        now = said[(said["day"] > since) & (said["day"] <= until)]
        hurt = self.club.squads.injuries[["athlete_id", "day"]]
        found, _ = judge_risk(self.kind.name, now, hurt, newest=day, week=week, plan=self.club.plan)
        return found

    def _said(self, first: date) -> "pd.DataFrame":
        name = value_column(self.kind)
        if self.payload is None:
            return pd.DataFrame({"athlete_id": [], "day": pd.to_datetime([]), name: []})
        rows = self.kind.predict(self.payload, self.club.squads, pd.Timestamp(first))
        rows = rows.assign(day=pd.to_datetime(rows["day"]))
        return rows[["athlete_id", "day", name]]

    def _in_season(self, said: "pd.DataFrame") -> "pd.DataFrame":
        return said_in_season(said, self.club.squads.days, self.club.squads.fixtures)

    def _profiles_of(self, said: "pd.DataFrame") -> list[WeekProfile]:
        if said.empty:
            return []
        return week_profiles(
            said, WhylogsProfiler(), set_name=self.kind.contract.key,
            columns=[value_column(self.kind)], unusual=self.club.plan.unusual,
        )  # fmt: skip

    def _is_trained_on(self, day: date, acts: Sequence[Finding]) -> bool:
        now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        asks = [
            Ask(self.kind.name, _CAUSES.get(one.kind, Cause.DRIFT), f"{one.subject}: {one.reason}")
            for one in acts
        ]
        reply = answer(self.kind.name, asks, self.past, now, RetrainingPolicy())
        if reply.is_training:
            self.past.append(PastTraining(self.kind.name, now, RunState.SUCCEEDED))
        return reply.is_training

    def _after_training(
        self, day: date, said: "pd.DataFrame", told: list[WeekProfile]
    ) -> tuple["pd.DataFrame", list[WeekProfile]]:
        """What is said from the next day on, by a champion that learned up to this one."""
        self.trained_through = day
        if self.kind.name != InjuryRiskKind.name:
            return said, told
        self.payload = learned(self.club.squads, day)
        before = said[said["day"] <= pd.Timestamp(day)]
        said = pd.concat([before, self._said(day + _DAY)], ignore_index=True)
        kept = [one for one in told if one.set_name == FEATURE_WORKLOAD.key]
        return said, kept + self._profiles_of(said)


def learned(squads: Squads, through: date) -> bytes:
    """The club's injury model from its days up to one, as bytes."""
    until = pd.Timestamp(through)
    days = squads.days[squads.days["day"] <= until].reset_index(drop=True)
    plan = squads.fixtures[squads.fixtures["known_from"] <= until].reset_index(drop=True)
    history = history_of(days, plan)
    rows = history.rows
    model = fit(rows.values, rows.labels, history.athlete_id, rows.days, start=history.start)
    return model.to_json().encode()


def value_column(kind: ModelKind) -> str:
    """What a model says: the column after the horizon."""
    names = kind.contract.schema.names
    return str(names[names.index("horizon_d") + 1])


def _acts(finding: Finding) -> bool:
    return finding.verdict == "act" and finding.kind != "expected"
