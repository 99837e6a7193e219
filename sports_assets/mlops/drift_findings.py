"""What is said of a week: rows of `ops/drift`."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

import pyarrow as pa

SubjectKind = Literal["input", "prediction", "performance", "estimated"]
Verdict = Literal["ok", "watch", "act"]
#: What moved it: `shift` of values, `missing` answers, a new device, or what was to be expected of
#: the plan; `decay` of performance; `none`.
DriftKind = Literal["none", "shift", "missing", "device_change", "expected", "decay"]


@dataclass(frozen=True)
class Finding:
    """One statistic of one subject on one day.

    Attributes:
        model: whose inputs, predictions or performance.
        day: last day that was looked at.
        subject_kind: what the subject is.
        subject: a column, or a figure of performance.
        statistic: what the value is.
        value: observed; None where it cannot be told.
        threshold: from which on it is `act`; None where it decides nothing.
        reason: in words and numbers.
    """

    model: str
    day: date
    subject_kind: SubjectKind
    subject: str
    statistic: str
    value: float | None
    threshold: float | None
    verdict: Verdict
    kind: DriftKind
    reason: str


#: Columns of `ops/drift`, as Arrow has them; `source` is the model's name.
FINDING_SCHEMA = pa.schema(
    [
        ("source", pa.string()), ("day", pa.date32()), ("subject_kind", pa.string()),
        ("subject", pa.string()), ("statistic", pa.string()), ("value", pa.float64()),
        ("threshold", pa.float64()), ("verdict", pa.string()), ("kind", pa.string()),
        ("reason", pa.string()),
    ]
)  # fmt: skip


def findings_table(findings: Iterable[Finding]) -> pa.Table:
    """Rows of `ops/drift`."""
    rows = []
    for finding in findings:
        row = asdict(finding)
        row["source"] = row.pop("model")
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=FINDING_SCHEMA)
