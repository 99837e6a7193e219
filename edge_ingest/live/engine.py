"""The live node without clock and network: batches in; load, windows and alerts out.

Everything hangs on what came and when it arrived, so that the same journal gives the same numbers
after a crash.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from edge_ingest.cleaning.causal import CausalTrack, Movement
from edge_ingest.cleaning.causal_fix import CausalFixes, Told
from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
from edge_ingest.cleaning.settings import CleaningSettings, load_settings
from edge_ingest.live.alerts import Alert, Crossing, alert_of
from edge_ingest.live.load import HeartTally, Tally, Windows
from edge_ingest.live.messages import Batch
from edge_ingest.live.sequence import Sequence
from edge_ingest.norms import (
    DEFAULT_THRESHOLDS,
    METRICS,
    AthleteNorms,
    NormsFile,
    PersonalNorm,
)

STATE_VERSION = 2
#: Windows that are told, s.
WINDOWS_S = (60, 300)
#: After such a silence of everybody, what comes is another session.
SESSION_GAP_US = 60 * 60 * 1_000_000
_HEART_METRIC = "heart_rate_zone_5_s"
#: An alert waits until a sample is settled if its acceleration is beyond this share of the gate, at
#: which a spike arrives by way of a few plausible samples. No athlete's is, of a low pass at 1 Hz.
_DOUBTFUL_SHARE = 0.5


@dataclass
class _Track:
    """One athlete as one source sees him or her."""

    sequence: Sequence
    heart: HeartTally
    tally: Tally
    windows: Windows
    fixes: CausalFixes
    rate_hz: float | None = None
    smooth: CausalTrack | None = None
    newest_us: int = 0
    arrived_us: int = 0

    @property
    def unsettled(self) -> list[Movement]:
        return self.smooth.unsettled() if self.smooth else []

    @property
    def live(self) -> Tally:
        """Everything that has a speed: settled, and what may yet be refused."""
        return self.tally.with_unsettled(self.unsettled)

    def sure(self, largest_mps2: float) -> Tally:
        """What an alert may rest on: what is settled, and what follows it without a hard change."""
        sure, before = [], self.tally.speed_mps
        for one in self.unsettled:
            acceleration = one.acceleration_mps2
            if acceleration is None and None not in {before, one.speed_mps} and one.dt_s:
                acceleration = (one.speed_mps - before) / one.dt_s  # type: ignore[operator]
            if acceleration is not None and abs(acceleration) > largest_mps2:
                break
            sure.append(one)
            before = one.speed_mps
        return self.tally.with_unsettled(sure)


@dataclass
class _Athlete:
    tracks: dict[tuple[str, str], _Track] = field(default_factory=dict)
    crossings: dict[str, Crossing] = field(default_factory=dict)

    def best(self) -> _Track:
        """The track that saw most: two trackers on one athlete must not count twice."""
        return max(self.tracks.values(), key=lambda track: track.tally.tracked_s)

    def heart(self) -> HeartTally:
        hearts = (track.heart for track in self.tracks.values())
        return max(hearts, key=lambda heart: (heart.heart_rate_s, heart.last_us))


class Engine:
    """Live load of everybody at one ground.

    Args:
        source: what alerts say they come from.
        sport: what is being played; gates, thresholds and norms are of this sport.
        filters: gates of satellite fixes; None: those that come with the package.
        zone: of the ground, for what people read.
    """

    def __init__(
        self,
        source: str,
        sport: str,
        filters: CleaningSettings | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self._source = source
        self._sport = sport
        self._filters = filters or load_settings()
        self._zone = zone
        self._settings = KinematicsSettings.for_sport(sport)
        self._athletes: dict[str, _Athlete] = {}
        self._by_id: dict[str, AthleteNorms] = {}
        self._named: dict[tuple[str, str], str] = {}
        self._norms: dict[str, dict[str, PersonalNorm]] = {}
        self._thresholds = DEFAULT_THRESHOLDS[sport]
        self._session_start_us = 0
        self._session_arrived_us = 0
        self._arrived_us = 0
        self._newest_us = 0

    @property
    def session_start_us(self) -> int:
        """First instant of the session that is going on, µs since 1970; 0 before the first."""
        return self._session_start_us

    @property
    def session_arrived_us(self) -> int:
        """When its first batch arrived, by this node's clock, µs since 1970; 0 before the first.

        Devices' clocks differ; what this node raised is told apart by its own.
        """
        return self._session_arrived_us

    def use(self, norms: NormsFile) -> None:
        """Go by these norms from now on; thresholds change with the next session."""
        self._by_id = {one.athlete_id: one for one in norms.athletes}
        self._named = {
            (known.source, known.source_athlete_id): one.athlete_id
            for one in norms.athletes
            for known in one.known_as
        }
        self._norms = {
            one.athlete_id: {
                norm.metric: norm
                for norm in one.norms
                if norm.sport == self._sport and norm.metric in METRICS
            }
            for one in norms.athletes
        }
        self._thresholds = norms.thresholds(self._sport)
        before, self._athletes = self._athletes, {}
        for athlete_id, athlete in before.items():
            for key, track in athlete.tracks.items():
                # Another crosswalk may know somebody by another name.
                named = self._named.get(key) or ":".join(key)
                kept = self._athletes.setdefault(named, _Athlete())
                kept.tracks[key] = track
                track.heart.max_bpm = self._max_heart_rate(named)
                if named == athlete_id:
                    kept.crossings = athlete.crossings

    def take(self, batch: Batch, arrived_us: int) -> list[Alert]:
        """Take a batch that arrived.

        Returns:
            Alerts of the crossings that it made.
        """
        alerts = self.tick(arrived_us)
        self._begin_session_if_due(batch, arrived_us)
        athlete_id, athlete, track = self._track(batch)
        for ready in track.sequence.push(batch, arrived_us):
            alerts += self._add(athlete_id, athlete, track, ready, arrived_us)
        self._arrived_us = max(self._arrived_us, arrived_us)
        return alerts

    def tick(self, now_us: int) -> list[Alert]:
        """Let time pass: batches that were waited for too long are given up."""
        alerts = []
        for athlete_id, athlete in self._athletes.items():
            for track in athlete.tracks.values():
                for ready in track.sequence.expire(now_us):
                    alerts += self._add(athlete_id, athlete, track, ready, now_us)
        return alerts

    def counts(self) -> dict[str, int]:
        """What happened to all batches; see `sequence.Counts`."""
        total: dict[str, int] = dict.fromkeys(vars(Sequence().counts), 0)
        for athlete in self._athletes.values():
            for track in athlete.tracks.values():
                for name, count in vars(track.sequence.counts).items():
                    total[name] += count
        return total

    def refused_fixes(self) -> dict[str, int]:
        """How many fixes were not used, by reason."""
        fixes = [track.fixes for one in self._athletes.values() for track in one.tracks.values()]
        return {
            "poor_fix": sum(one.poor for one in fixes),
            "frozen": sum(one.frozen for one in fixes),
        }

    def athletes(self, now_us: int) -> list[dict[str, Any]]:
        """Everybody as the page shows them: alerts first, then who is nearest to an own norm."""
        rows = [self._row(athlete_id, one, now_us) for athlete_id, one in self._athletes.items()]
        return sorted(rows, key=_urgency)

    def state(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "state_version": STATE_VERSION,
            "sport": self._sport,
            "session_start_us": self._session_start_us,
            "session_arrived_us": self._session_arrived_us,
            "arrived_us": self._arrived_us,
            "newest_us": self._newest_us,
            "athletes": {
                athlete_id: {
                    "tracks": [[*key, _track_state(one)] for key, one in athlete.tracks.items()],
                    "crossings": {
                        name: crossing.state() for name, crossing in athlete.crossings.items()
                    },
                }
                for athlete_id, athlete in self._athletes.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> bool:
        """Go on where `state` was taken; false, and nothing done, for another version or sport."""
        if (state.get("state_version"), state.get("sport")) != (STATE_VERSION, self._sport):
            return False
        self._session_start_us = state["session_start_us"]
        self._session_arrived_us = state["session_arrived_us"]
        self._arrived_us, self._newest_us = state["arrived_us"], state["newest_us"]
        self._athletes = {
            athlete_id: _Athlete(
                {(source, own): self._restored(one) for source, own, one in told["tracks"]},
                {name: Crossing(**crossing) for name, crossing in told["crossings"].items()},
            )
            for athlete_id, told in state["athletes"].items()
        }
        return True

    def _begin_session_if_due(self, batch: Batch, arrived_us: int) -> None:
        first_us, last_us = min(batch.captured_us), max(batch.captured_us)
        # By both clocks: a device's may be wrong, and a network that was away brings old news.
        is_over = (
            arrived_us - self._arrived_us > SESSION_GAP_US
            and first_us - self._newest_us > SESSION_GAP_US
        )
        if is_over:
            self._athletes = {}
            self._session_start_us = first_us
            self._session_arrived_us = arrived_us
            self._newest_us = last_us
        self._newest_us = max(self._newest_us, last_us)

    def _track(self, batch: Batch) -> tuple[str, _Athlete, _Track]:
        key = (batch.source, batch.source_athlete_id)
        # As core/athlete names whom the crosswalk does not know.
        athlete_id = self._named.get(key) or ":".join(key)
        athlete = self._athletes.setdefault(athlete_id, _Athlete())
        if key not in athlete.tracks:
            heart = HeartTally(self._max_heart_rate(athlete_id))
            tally = Tally(self._thresholds)
            athlete.tracks[key] = _Track(
                Sequence(), heart, tally, Windows(max(WINDOWS_S)), self._fixes()
            )
        return athlete_id, athlete, athlete.tracks[key]

    def _fixes(self) -> CausalFixes:
        return CausalFixes(self._filters, self._sport)

    def _max_heart_rate(self, athlete_id: str) -> float | None:
        known = self._by_id.get(athlete_id)
        return known.max_heart_rate_bpm if known else None

    def _add(
        self, athlete_id: str, athlete: _Athlete, track: _Track, batch: Batch, now_us: int
    ) -> list[Alert]:
        if batch.x_m is not None and track.rate_hz != batch.rate_hz:
            self._settle(track, track.smooth.end() if track.smooth else [])
            track.tally.break_off()
            track.rate_hz = batch.rate_hz
            track.smooth = CausalTrack(batch.rate_hz, self._settings)
        alerts = []
        for index, captured_us in enumerate(batch.captured_us):
            if batch.x_m is not None and batch.y_m is not None and track.smooth is not None:
                x_m, y_m = batch.x_m[index], batch.y_m[index]
                told = Told(
                    batch.hdop[index] if batch.hdop else None,
                    batch.satellites[index] if batch.satellites else None,
                    batch.speed_mps[index] if batch.speed_mps else None,
                )
                if not track.fixes.is_trusted(captured_us, x_m, y_m, told):
                    x_m = y_m = None
                self._settle(track, track.smooth.push(captured_us, x_m, y_m))
            if batch.heart_rate_bpm is not None:
                track.heart.add(captured_us, batch.heart_rate_bpm[index])
            track.newest_us = captured_us
            alerts += self._judge(athlete_id, athlete, now_us)
        track.arrived_us = now_us
        track.sequence.counts.samples += len(batch.captured_us)
        return alerts

    def _settle(self, track: _Track, settled: Iterable[Movement]) -> None:
        for one in settled:
            track.tally.add(one)
            track.windows.add(one, track.tally.thresholds.high_speed_threshold_mps)

    def _judge(self, athlete_id: str, athlete: _Athlete, now_us: int) -> list[Alert]:
        norms = self._norms.get(athlete_id)
        if not norms:
            return []
        doubtful_mps2 = _DOUBTFUL_SHARE * self._settings.acceleration_limit_mps2
        load, heart = athlete.best().sure(doubtful_mps2), athlete.heart()
        alerts = []
        for metric, norm in norms.items():
            is_heart = metric == _HEART_METRIC
            value = heart.high_s if is_heart else load.value(metric)
            if value is None:
                continue
            at_us = heart.last_us if is_heart else load.at_us(metric)
            crossing = athlete.crossings.get(metric)
            if crossing is None:
                crossing = athlete.crossings[metric] = Crossing()
            if crossing.step(value, norm, at_us):
                known = self._by_id[athlete_id]
                alerts.append(
                    alert_of(
                        source=self._source, athlete_id=athlete_id,
                        display_name=known.display_name, norm=norm, crossing=crossing,
                        value=value, session_start_us=self._session_start_us, now_us=now_us,
                        zone=self._zone,
                    )
                )  # fmt: skip
        return alerts

    def _row(self, athlete_id: str, athlete: _Athlete, now_us: int) -> dict[str, Any]:
        track, heart = athlete.best(), athlete.heart()
        load, known = track.live, self._by_id.get(athlete_id)
        values = {metric: load.value(metric) for metric in METRICS if metric != _HEART_METRIC}
        values[_HEART_METRIC] = heart.high_s if heart.max_bpm else None
        norms = self._norms.get(athlete_id, {})
        arrived_us = max(one.arrived_us for one in athlete.tracks.values())
        return {
            "athlete_id": athlete_id,
            "display_name": known.display_name if known else None,
            "speed_mps": load.speed_mps,
            "heart_rate_bpm": heart.heart_rate_bpm,
            "tracked_s": load.tracked_s,
            "distance_per_min_m": 60 * load.total_distance_m / load.tracked_s
            if load.tracked_s
            else None,
            "session": values,
            "windows": {
                str(length): track.windows.over(length, track.newest_us) for length in WINDOWS_S
            },
            "norms": {
                metric: {
                    "low": norm.low, "high": norm.high, "mean": norm.mean,
                    "session_count": norm.session_count,
                }
                for metric, norm in norms.items()
            },
            "levels": {
                metric: {"severity": crossing.level, "since_us": crossing.since_us}
                for metric, crossing in athlete.crossings.items()
                if crossing.level
            },
            "nearest": max(
                (
                    (value or 0.0) / norms[metric].high
                    for metric, value in values.items()
                    if metric in norms and norms[metric].high > 0
                ),
                default=0.0,
            ),
            "samples": sum(one.sequence.counts.samples for one in athlete.tracks.values()),
            "silent_s": max(0.0, (now_us - arrived_us) / 1e6),
        }  # fmt: skip

    def _restored(self, state: dict[str, Any]) -> _Track:
        track = _Track(
            Sequence(), HeartTally(**state["heart"]), Tally.restored(state["tally"]),
            Windows(max(WINDOWS_S)), self._fixes(), state["rate_hz"], None, state["newest_us"],
            state["arrived_us"],
        )  # fmt: skip
        track.sequence.restore(state["sequence"])
        track.windows.restore(state["windows"])
        track.fixes.restore(state["fixes"])
        if track.rate_hz is not None:
            track.smooth = CausalTrack(track.rate_hz, self._settings)
            track.smooth.restore(state["smooth"])
        return track


def _track_state(track: _Track) -> dict[str, Any]:
    return {
        "sequence": track.sequence.state(),
        "heart": track.heart.state(),
        "tally": track.tally.state(),
        "windows": track.windows.state(),
        "fixes": track.fixes.state(),
        "rate_hz": track.rate_hz,
        "smooth": track.smooth.state() if track.smooth else None,
        "newest_us": track.newest_us,
        "arrived_us": track.arrived_us,
    }


def _urgency(row: dict[str, Any]) -> tuple[int, int, float, str]:
    severities = [level["severity"] for level in row["levels"].values()]
    acts = severities.count("act")
    return (-acts, -len(severities), -row["nearest"], row["athlete_id"])
