"""What a report store promises, in a folder and in an object store alike."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resources.errors import ImmutableReportError, ResourceError
from resources.report_store import ReportStore, report_store
from tests.resources.conftest import Place

SESSION = "2019-11-09_football_bayern-dortmund"
PAGE = "<html>4–0, 113 km</html>"


@pytest.fixture
def store(place: Place) -> ReportStore:
    return report_store(f"{place.uri}/reports", place.s3)


def test_a_page_reads_back_by_its_uri(store: ReportStore, place: Place) -> None:
    uri = store.write(SESSION, 1, PAGE)
    assert uri == f"{place.uri}/reports/{SESSION}/r0001.html"
    assert store.read(uri) == PAGE


def test_the_same_page_again_is_no_change(store: ReportStore) -> None:
    assert store.write(SESSION, 1, PAGE) == store.write(SESSION, 1, PAGE)
    assert store.revisions(SESSION) == (1,)


def test_a_published_page_is_never_changed(store: ReportStore) -> None:
    uri = store.write(SESSION, 1, PAGE)
    store.write(SESSION, 2, "<html>corrected</html>")
    with pytest.raises(ImmutableReportError, match="publish revision 3"):
        store.write(SESSION, 1, "<html>other</html>")
    assert store.read(uri) == PAGE
    assert store.revisions(SESSION) == (1, 2)


def test_of_many_writers_of_one_revision_one_wins_whole(store: ReportStore) -> None:
    def write(number: int) -> str | None:
        try:
            return store.read(store.write(SESSION, 1, str(number) * 10_000))
        except ImmutableReportError:
            return None

    with ThreadPoolExecutor(8) as pool:
        kept = {page for page in pool.map(write, range(8)) if page}
    assert len(kept) == 1
    assert len(set(kept.pop())) == 1


def test_a_session_without_pages_has_no_revisions(store: ReportStore) -> None:
    assert store.revisions(SESSION) == ()


def test_pages_of_another_kind_have_revisions_of_their_own(
    store: ReportStore, place: Place
) -> None:
    footage = store.of("footage")
    store.write(SESSION, 1, PAGE)
    store.write(SESSION, 2, PAGE)
    uri = footage.write(SESSION, 1, "<video>")
    assert uri == f"{place.uri}/reports/{SESSION}/footage-r0001.html"
    assert store.revisions(SESSION) == (1, 2)
    assert footage.revisions(SESSION) == (1,)
    assert footage.read(uri) == store.read(uri) == "<video>"
    with pytest.raises(ImmutableReportError, match="publish revision 2"):
        footage.write(SESSION, 1, PAGE)


@pytest.mark.parametrize("session", ["", "../up", "a/b", "/etc"])
def test_a_page_stays_inside_of_the_store(store: ReportStore, session: str) -> None:
    with pytest.raises(ResourceError):
        store.write(session, 1, PAGE)


def test_a_uri_of_somewhere_else_is_refused(store: ReportStore, place: Place) -> None:
    with pytest.raises(ResourceError, match="no page of this store"):
        store.read(f"/elsewhere/{SESSION}/r0001.html")
    with pytest.raises(FileNotFoundError):
        store.read(f"{place.uri}/reports/{SESSION}/r0009.html")


def test_a_killed_writer_leaves_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = report_store(str(tmp_path), {})
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        store.write(SESSION, 1, PAGE)
    assert store.revisions(SESSION) == ()
    assert not list((tmp_path / SESSION).iterdir())
