"""What came of a build: what was published, what was not and why, and every test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from resources.errors import FailedBuildError
from resources.lakehouse import Commit

#: How many rows at fault are named.
REFERENCES = 3


@dataclass(frozen=True)
class TestOutcome:
    """One test that ran. Counts and hashes of keys only, never an athlete's values.

    Attributes:
        model: key of the table that it tests.
        has_run: false where dbt skipped it, because what it tests was not built.
        blocks: a failure keeps the table out of the record; else it warns.
        failures: rows at fault; None where the test did not get that far.
        rules: rows at fault by rule.
        references: hashes of the primary keys of up to three rows at fault.
        message: dbt's own words where the test failed.
    """

    __test__ = False  # not a class for pytest to collect

    unique_id: str
    name: str
    model: str
    has_run: bool
    passed: bool
    blocks: bool
    failures: int | None
    message: str = ""
    rules: Mapping[str, int] = field(default_factory=dict)
    references: tuple[str, ...] = ()


def merged_tests(builds: Sequence[Sequence[TestOutcome]]) -> list[TestOutcome]:
    """The same tests over several builds as one: passed where it passed in each, rows summed."""
    found: dict[str, list[TestOutcome]] = {}
    for outcome in (one for tests in builds for one in tests):
        found.setdefault(outcome.unique_id, []).append(outcome)
    return [_merged_test(outcomes) for outcomes in found.values()]


def _merged_test(outcomes: Sequence[TestOutcome]) -> TestOutcome:
    ran = [one for one in outcomes if one.has_run]
    if not ran:
        return outcomes[0]
    rules: Counter[str] = Counter()
    for one in ran:
        rules.update(one.rules)
    counts = [one.failures for one in ran if one.failures is not None]
    return replace(
        ran[0],
        passed=all(one.passed for one in ran),
        failures=sum(counts) if counts else None,
        message=next((one.message for one in ran if one.message), ""),
        rules=rules,
        references=tuple(sorted({name for one in ran for name in one.references})[:REFERENCES]),
    )


@dataclass(frozen=True)
class BuildResult:
    """What came of a build.

    Attributes:
        published: commit of each table by key, in the order of publishing. A table of days has the
            last of its commits.
        failed: tables that were built or tested in vain, and why.
        skipped: tables that stand below those, and why.
        tests: every test that ran, by name.
        snapshots: snapshot at which each committed table was read, by key. Sessions that were built
            together are history to each other: of such a table it is the snapshot that now holds
            them.
        build_seconds: time that dbt took for each table, by key.
        seconds: whole time, publishing included.
        overtaken: sessions whose rows, where they were read, were changed by another writer before
            what was made of them was published. What stands there may be older than what was read
            by a run that published in between: build these again.
    """

    published: Mapping[str, Commit]
    failed: Mapping[str, str]
    skipped: Mapping[str, str]
    tests: tuple[TestOutcome, ...]
    snapshots: Mapping[str, int]
    build_seconds: Mapping[str, float]
    seconds: float
    overtaken: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Every selected table was published."""
        return not self.failed and not self.skipped

    def require_complete(self) -> None:
        """Raise unless every selected table was published.

        Raises:
            FailedBuildError: names each table that was not, and why.
        """
        if self.is_complete:
            return
        reasons = {**self.failed, **self.skipped}
        listed = "; ".join(f"{key}: {reason}" for key, reason in reasons.items())
        raise FailedBuildError(f"{len(reasons)} tables were not published. {listed}")
