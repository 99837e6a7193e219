"""The JSON object that every benchmark prints last."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Target:
    """One figure and what it is held against: `<= 60`, `>= 8`, `0.75..0.85`.

    A figure that could not be measured, because a recording is not here, is None.
    """

    name: str
    value: float | None
    unit: str
    target: str

    @property
    def ok(self) -> bool | None:
        """Whether the figure meets its target; None where it was not measured.

        Raises:
            ValueError: the target is not of a form that we know.
        """
        if bound := re.fullmatch(r"(<=|>=) (\S+)", self.target):
            limit = float(bound[2])
            if self.value is None:
                return None
            return self.value <= limit if bound[1] == "<=" else self.value >= limit
        if between := re.fullmatch(r"(\S+)\.\.(\S+)", self.target):
            if self.value is None:
                return None
            return float(between[1]) <= self.value <= float(between[2])
        raise ValueError(f"{self.target!r} is no target: write '<= 60', '>= 8' or '0.75..0.85'")


def print_outcome(benchmark: str, targets: list[Target], detail: Mapping[str, object]) -> None:
    """Print the outcome as the last line."""
    rows = [
        asdict(target)
        | {"value": None if target.value is None else round(target.value, 3), "ok": target.ok}
        for target in targets
    ]
    print(
        json.dumps(
            {
                "benchmark": benchmark,
                "date": datetime.now(UTC).date().isoformat(),
                "cores": os.cpu_count(),
                "targets": rows,
                "detail": detail,
            }
        )
    )
