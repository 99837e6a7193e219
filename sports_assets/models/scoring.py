"""What the champion says of the days that nobody has spoken of yet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from resources.lakehouse import Lakehouse, Slice
from resources.provenance import ProvenanceRef
from resources.served_model import ServedModel
from sports_assets.models.shape import ModelKind

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.workload.history import Squads

#: Days before the newest that are spoken of when nothing was said before, d.
LOOK_BACK_D: Final = 56


@dataclass(frozen=True)
class Scored:
    """Rows of a prediction table, and the days that they replace."""

    rows: pa.Table
    replaced: Slice


@dataclass(frozen=True)
class Said:
    """The newest day of a squad that something was said of, and the version that said it."""

    day: date
    version: str


def days_to_score(
    newest: date, said: Said | None, trained_through: date, version: str
) -> tuple[date, date]:
    """First and last day to speak of, of one squad.

    What was said of an earlier day stays as it was said. The last day that was spoken of is spoken
    of anew by the same version, as not all of it may have been told by then; the newest by whoever
    serves now. Days that the model learned from are left out, but for the newest.
    """
    if said is None:
        first = newest - timedelta(days=LOOK_BACK_D)
    else:
        first = said.day if said.version == version else said.day + timedelta(days=1)
    first = max(first, trained_through + timedelta(days=1))
    return min(first, newest), newest


def score(
    kind: ModelKind,
    served: ServedModel,
    squads: "Squads",
    *,
    said: Said | None,
    now_utc: datetime,
    provenance: ProvenanceRef,
) -> Scored:
    """Predictions of a champion of one squad, as rows of its table.

    Args:
        squads: one team, which told of a day.
        said: newest day of the team that something was said of; None where nothing was.
    """
    (team,) = squads.days["team"].unique()
    newest = squads.days["day"].max().date()
    version = str(served.version.version)
    first, last = days_to_score(newest, said, served.version.trained_through, version)
    replaced = Slice("day", first, last, {"source": team})
    frame = kind.predict(served.payload, squads, _timestamp(first))
    if frame.empty:
        return Scored(kind.contract.empty(), replaced)
    day = frame["day"].dt.date
    columns = {
        **{name: pa.array(frame[name], from_pandas=True) for name in frame if name != "day"},
        "day": pa.array(day, pa.date32()),
        "predicted_at_utc": pa.repeat(pa.scalar(now_utc, pa.timestamp("us", "UTC")), len(frame)),
        "model_name": pa.repeat(served.version.name, len(frame)),
        "model_version": pa.repeat(version, len(frame)),
        "model_age_d": pa.array(
            [max(0, (one - served.version.trained_through).days) for one in day], pa.int32()
        ),
        "provenance": pa.repeat(provenance.to_json(), len(frame)),
    }
    return Scored(kind.contract.conform(pa.table(columns)), replaced)


def as_said_before(lakehouse: Lakehouse, kind: ModelKind, scored: Scored) -> pa.Table:
    """The rows; where they say what was said before, with the instant of that time.

    Whoever asks the same model of the same days again gets the same table, and no snapshot.
    """
    key = [*kind.contract.primary_key]
    with lakehouse.connect() as connection:
        lakehouse.view(connection, kind.contract, "said")
        connection.register("now", scored.rows)
        others = [
            name for name in kind.contract.schema.names if name not in {*key, "predicted_at_utc"}
        ]
        same = " and ".join(f'said."{name}" is not distinct from now."{name}"' for name in others)
        rows = connection.sql(
            "select now.* replace (coalesce(said.predicted_at_utc, now.predicted_at_utc) "  # noqa: S608 - names of our own
            f"as predicted_at_utc) from now left join said using ({', '.join(key)}) "
            f"where said.predicted_at_utc is null or ({same}) union all by name "
            f"select now.* from now inner join said using ({', '.join(key)}) where not ({same})"
        ).to_arrow_table()
    return kind.contract.conform(rows)


def last_said(lakehouse: Lakehouse, kind: ModelKind) -> dict[str, Said]:
    """By team the newest day that something was said of."""
    with lakehouse.connect() as connection:
        lakehouse.view(connection, kind.contract, "said")
        rows = connection.sql(
            "select source, max(day), max_by(model_version, day) from said group by source"
        ).fetchall()
    return {team: Said(day, version) for team, day, version in rows}


def _timestamp(day: date) -> "pd.Timestamp":
    import pandas as pd

    return pd.Timestamp(day)
