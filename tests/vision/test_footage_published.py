"""The footage page stands beside the session's own, and is revised when it says something new."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.contracts import REPORT_SESSION
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import CommitContext
from resources.provenance import ProvenanceRef
from resources.report_store import report_store
from resources.vision_contracts import REPORT_FOOTAGE
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.page_origin import read_origin
from sports_assets.reports.publish import PublishedPage, publish_page
from sports_assets.vision.page.facts import SessionNames, read_facts
from sports_assets.vision.page.footage_page import bind_page, make_content
from tests.vision.made_footage import SESSION, camera_row, quality_row, tables

pytestmark = pytest.mark.slow

NAMES = SessionNames(SESSION, "Made", "Europe/Berlin")


def test_a_revision_is_added_only_when_the_rows_say_something_new(tmp_path: Path) -> None:
    lakehouse = IcebergLakehouse(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "warehouse"))
    store = report_store(str(tmp_path / "reports"), {})
    made_of = ProvenanceRef(drops=(), snapshots={}, settings={}, code_version="1")
    bound = []

    def publish(**told: list[dict]) -> PublishedPage:
        content = make_content(read_facts(tables([], formation=[], **told), NAMES))

        def render(revision: int) -> str:
            bound.append(revision)
            return bind_page(content, Colophon(revision, (), made_of), None)

        return publish_page(
            lakehouse, store.of("footage"), REPORT_FOOTAGE, SESSION,
            content_sha256=content.sha256, render=render,
            provenance=made_of, written_at_utc=datetime(2026, 3, 1, tzinfo=UTC),
            context=CommitContext("run", "1"),
        )  # fmt: skip

    first = publish(camera=[camera_row(state="uncalibrated")])
    again = publish(camera=[camera_row(state="uncalibrated")])
    second = publish(quality=[quality_row(ball_share=0.1)])
    assert [one.revision for one in (first, again, second)] == [1, 1, 2]
    assert not again.is_new
    assert bound == [1, 2], "a page that says nothing new is not bound: its clip is not drawn"
    assert Path(second.uri).name == "footage-r0002.html"
    origin = read_origin(store.read(second.uri))
    assert origin.content_sha256 == second.ledger.to_pylist()[-1]["content_sha256"]
    assert store.revisions(SESSION) == ()
    assert lakehouse.committed_sessions(REPORT_SESSION) == ()
