"""A page is published, then revised; what a killed run left is entered, or stepped over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from resources.contracts import REPORT_SESSION
from resources.errors import CommitConflictError
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import CommitContext
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore, report_store
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.publish import PublishedPage, publish_page
from sports_assets.reports.session_page import PageContent, bind_page

SESSION = "2024-03-01_cycling_session-1000"
DRAWN = PageContent("Drawn", "<p>0–0</p>")
WON, LOST = PageContent("Won", "<p>4–0</p>"), PageContent("Lost", "<p>0–4</p>")


class Killed(BaseException):
    """What no code of ours catches, as it catches no SIGKILL."""


class Shelf:
    """A lakehouse and a report store; each publishing is a run with a provenance of its own."""

    def __init__(self, home: Path) -> None:
        self.lakehouse = IcebergLakehouse(f"sqlite:///{home}/catalog.db", str(home / "warehouse"))
        self.store: ReportStore = report_store(str(home / "reports"), {})

    def publish(self, content: PageContent, run: int, bind: Callable = bind_page) -> PublishedPage:
        made_of = ProvenanceRef(drops=(), snapshots={"a": run}, settings={}, code_version="1")
        return publish_page(
            self.lakehouse,
            self.store,
            REPORT_SESSION,
            SESSION,
            content_sha256=content.sha256,
            render=lambda revision: bind(content, Colophon(revision, (), made_of)),
            provenance=made_of,
            written_at_utc=datetime(2024, 3, 1, 12, run, tzinfo=UTC),
            context=CommitContext(f"run-{run}", "1"),
        )

    def publish_and_die(self, content: PageContent, run: int, bind: Callable = bind_page) -> None:
        """As a run that is killed once its page is kept, and before the ledger knows."""

        def die(*_: object) -> None:
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(IcebergLakehouse, "replace_sessions", die)
            with pytest.raises(Killed):
                self.publish(content, run, bind)

    def ledger(self) -> list[dict]:
        with self.lakehouse.connect() as connection:
            self.lakehouse.view(connection, REPORT_SESSION, "t", [SESSION])
            return connection.sql("select * from t order by revision").to_arrow_table().to_pylist()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@contextmanager
def overtaken(
    monkeypatch: pytest.MonkeyPatch, method: str, other: Callable[[], object], times: int = 1
) -> Iterator[None]:
    """Let another run publish right before each of the first calls of a method that is ours."""
    owner = ReportStore if method == "write" else IcebergLakehouse
    original = getattr(owner, method)
    left = times

    def late(*arguments: object) -> object:
        nonlocal left
        if left:
            left -= 1
            with monkeypatch.context() as patch:
                patch.setattr(owner, method, original)
                other()
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, late)
        yield


def entered(shelf: Shelf) -> list[tuple[int, str]]:
    """Revision and content of each row, which must be of the page that it names."""
    rows = shelf.ledger()
    for row in rows:
        html = shelf.store.read(row["uri"])
        assert row["page_sha256"] == sha256(html.encode()).hexdigest()
        assert row["content_sha256"] in html
        assert f"Revision {row['revision']}." in html
    return [(row["revision"], row["content_sha256"]) for row in rows]


def test_a_page_is_revised_when_it_says_something_else(shelf: Shelf) -> None:
    assert shelf.publish(WON, 1).is_new
    assert not shelf.publish(WON, 2).is_new
    assert shelf.publish(LOST, 3).revision == 2
    assert entered(shelf) == [(1, WON.sha256), (2, LOST.sha256)]


@pytest.mark.parametrize("before", [[], [LOST]], ids=["the first page", "a revision"])
def test_a_page_that_a_killed_run_left_is_entered_with_the_origin_that_it_tells(
    shelf: Shelf, before: list[PageContent]
) -> None:
    for content in before:
        shelf.publish(content, 1)
    shelf.publish_and_die(WON, 2)
    assert len(shelf.ledger()) == len(before)
    page = shelf.publish(WON, 3)
    assert (page.revision, page.is_new) == (len(before) + 1, True)
    assert shelf.store.revisions(SESSION) == tuple(range(1, len(before) + 2))
    assert entered(shelf)[-1] == (page.revision, WON.sha256)
    row = shelf.ledger()[-1]
    assert ProvenanceRef.model_validate_json(row["provenance"]).snapshots == {"a": 2}
    assert page.provenance.snapshots == {"a": 2}
    assert not shelf.publish(WON, 4).is_new


def test_a_page_that_a_killed_run_left_is_stepped_over_if_it_says_something_else(
    shelf: Shelf,
) -> None:
    shelf.publish_and_die(LOST, 1)
    assert shelf.publish(WON, 2).revision == 2
    assert entered(shelf) == [(2, WON.sha256)]
    assert shelf.store.revisions(SESSION) == (1, 2)


def test_a_page_left_by_a_version_that_did_not_tell_its_origin_is_stepped_over(
    shelf: Shelf,
) -> None:
    def bind(content: PageContent, colophon: Colophon) -> str:
        return bind_page(content, colophon).replace('name="provenance"', 'name="none"')

    shelf.publish_and_die(WON, 1, bind)
    assert shelf.publish(WON, 2).revision == 2
    assert entered(shelf) == [(2, WON.sha256)]


@pytest.mark.parametrize("before", [[], [DRAWN]], ids=["the first page", "a revision"])
@pytest.mark.parametrize("method", ["write", "replace_sessions"])
def test_of_two_runs_that_publish_at_once_both_pages_are_entered(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, method: str, before: list[PageContent]
) -> None:
    """The other run publishes right before ours keeps its page, or enters it."""
    for content in before:
        shelf.publish(content, 1)
    with overtaken(monkeypatch, method, lambda: shelf.publish(LOST, 2)):
        page = shelf.publish(WON, 3)
    said = [content for _, content in entered(shelf)]
    assert said == [*(one.sha256 for one in before), LOST.sha256, WON.sha256]
    assert page.revision == entered(shelf)[-1][0] == max(shelf.store.revisions(SESSION))
    assert page.ledger.to_pylist() == shelf.ledger()


def test_of_two_runs_that_say_the_same_at_once_one_page_is_entered(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with overtaken(monkeypatch, "replace_sessions", lambda: shelf.publish(WON, 2)):
        page = shelf.publish(WON, 3)
    assert entered(shelf) == [(1, WON.sha256)]
    assert (page.revision, page.is_new) == (1, False)


def test_a_run_that_is_overtaken_for_ever_gives_up_and_loses_no_page(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sports_assets.reports.publish._ATTEMPTS", 2)
    others = iter([LOST, DRAWN])
    with (
        overtaken(monkeypatch, "write", lambda: shelf.publish(next(others), 2), times=2),
        pytest.raises(CommitConflictError, match=f"{SESSION}: other runs"),
    ):
        shelf.publish(WON, 3)
    assert entered(shelf) == [(1, LOST.sha256), (2, DRAWN.sha256)]
