"""The watchdog: looks for what is late, and lists it when that changes.

It looks every few minutes within its own tick: a run for each look would leave tens of thousands of
runs a year behind, most of which found nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from resources.dagster_resources import LandingZoneResource
from resources.late import PATIENCE, late_work
from resources.silent import silent
from resources.trouble import Late
from sensors.cursor import digest
from sensors.lists import hour_to_ask_again
from sports_assets.keys import LANE_TAG, STALE_ASSET_KEY, WORKS

LOOK_EVERY = timedelta(minutes=5)
#: Late things that the next look remembers, the longest late; the newest are found again anyhow.
REMEMBERED_AT_MOST = 500

stale_asset_list = dg.define_asset_job(
    "stale_assets",
    selection=dg.AssetSelection.assets(STALE_ASSET_KEY),
    tags={LANE_TAG: "stale_assets"},
    description="The list of what should have been made and was not.",
)


@dataclass(frozen=True)
class Watch:
    """What the watchdog remembers.

    Attributes:
        looked_at: when it looked last, s since 1970.
        awake_since: since when it has looked again and again, s since 1970.
        listed: digest of what was late when the list was asked for last.
        late: what was late at the last look.
        again: the hour in which a list that had failed was asked for again, last.
    """

    looked_at: float = 0.0
    awake_since: float = 0.0
    listed: str = digest([])
    late: tuple[Late, ...] = ()
    again: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Watch":
        """Read what an earlier look remembered."""
        if not text:
            return cls()
        stored = json.loads(text)
        late = tuple(
            Late(thing, session, datetime.fromtimestamp(since, UTC), "")
            for thing, session, since in stored["late"]
        )
        return cls(
            stored["looked_at"], stored["awake_since"], stored["listed"], late, stored.get("again")
        )

    def __str__(self) -> str:
        """As `parse` reads it."""
        late = [(one.thing, one.session_id, one.since_utc.timestamp()) for one in self.late]
        return json.dumps(
            {
                "looked_at": self.looked_at,
                "awake_since": self.awake_since,
                "listed": self.listed,
                "late": late,
                "again": self.again,
            }
        )

    def after(
        self, now: datetime, found: Sequence[Late], listed: str, again: str | None = None
    ) -> "Watch":
        """What to remember of a look."""
        was_away = now.timestamp() - self.looked_at > 3 * LOOK_EVERY.total_seconds()
        return Watch(
            looked_at=now.timestamp(),
            awake_since=now.timestamp() if was_away else self.awake_since,
            listed=listed,
            late=tuple(found[:REMEMBERED_AT_MOST]),
            again=again or self.again,
        )


@dg.sensor(
    name="stale_assets",
    job=stale_asset_list,
    minimum_interval_seconds=int(LOOK_EVERY.total_seconds()),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="What should have been made and was not: the list anew, when it changes.",
)
def stale_assets_sensor(
    context: dg.SensorEvaluationContext, landing_zone: LandingZoneResource
) -> dg.SensorResult:
    """Look for what is late.

    When the daemon was away everything looks late that it is about to do: for a while after its
    return nothing is told. A list that failed to be made is asked for again, once an hour.
    """
    now = datetime.now(UTC)
    before = Watch.parse(context.cursor)
    with landing_zone.open() as opened:
        found = late_work(opened.listed_once(), context.instance, now, WORKS, before.late)
    found += silent(context.instance, context.repository_def, now)
    told = digest(sorted(f"{late.late_id} {late.reason}" for late in found))
    after = before.after(now, found, before.listed)
    is_back_just_now = now.timestamp() - after.awake_since < PATIENCE.total_seconds()
    again = hour_to_ask_again(context.instance, stale_asset_list.name, now, before.again)
    if (told == before.listed and again is None) or is_back_just_now:
        why = "the daemon has just come back" if is_back_just_now else "the list says so already"
        reason = f"{len(found)} things are late, and {why}" if found else "nothing is late"
        return dg.SensorResult(skip_reason=reason, cursor=str(after))
    return dg.SensorResult(
        # The same things may be late again another day: the key says when.
        run_requests=[dg.RunRequest(run_key=f"stale_assets:{told}:{now:%Y-%m-%dT%H:%M}")],
        cursor=str(before.after(now, found, told, again)),
    )
