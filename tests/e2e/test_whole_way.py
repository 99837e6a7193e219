"""From a drop in the landing zone to a page in the browser, on real servers."""

import re
from collections.abc import Iterator

import dagster as dg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deploy.local.services import wait_for
from sports_assets.keys import BACKFILL_LANE, LANE_TAG, REPORT_SESSION_KEY
from tests.e2e.conftest import RUN_S, Club

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MATCH = "2019-11-09_football_bayern-dortmund"
CHROMIUM = "/usr/bin/chromium"
UI_MS = 60_000

LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""

LAUNCH_RUN = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                  "--disable-background-networking", "--disable-component-update"],
        )  # fmt: skip
        yield browser
        browser.close()


def test_sensor_takes_every_drop_to_its_page_with_one_run_a_session(club: Club) -> None:
    pages = {
        session: wait_for(f"the page of {session}", lambda s=session: club.page(s), RUN_S)
        for session in club.sessions
    }
    assert MATCH in pages
    for session, page in pages.items():
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>"), session
        assert len(club.runs(session)) == 1, session
        assert club.runs(session)[0].tags[LANE_TAG] == f"{session}:facts"


def test_backfill_of_two_named_sessions_makes_no_new_revision(club: Club) -> None:
    chosen = [club.sessions[0], club.sessions[-1]]
    before = {session: club.page(session) for session in chosen}
    keys = [{"path": key.path} for key in _session_assets(club)]
    answer = club.graphql(
        LAUNCH_BACKFILL,
        params={
            "partitionNames": chosen,
            "assetSelection": keys,
            "tags": [{"key": LANE_TAG, "value": BACKFILL_LANE}],
        },
    )["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    query = """query ($id: String!) {
      partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
    }"""

    def ended() -> str | None:
        status = club.graphql(query, id=answer["backfillId"])["partitionBackfillOrError"]["status"]
        return status if status.startswith(("COMPLETED", "FAILED", "CANCELED")) else None

    assert wait_for("the backfill", ended, RUN_S) == "COMPLETED_SUCCESS"
    assert {session: club.page(session) for session in chosen} == before


def test_asset_graph_and_report_metadata_show_in_the_ui(club: Club, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{club.url}/asset-groups")
    for group in ("raw", "tracking", "core", "mart", "report", "prediction"):
        page.get_by_text(group, exact=True).first.wait_for(timeout=UI_MS)
    page.goto(f"{club.url}/locations/touchline/asset-groups/tracking/lineage")
    page.get_by_text("kinematics", exact=True).first.wait_for(timeout=UI_MS)
    page.get_by_text("1 / 1 Passed").first.wait_for(timeout=UI_MS)
    page.goto(f"{club.url}/locations/touchline/asset-groups/mart/list")
    for name in ("athlete_session_external_load", "team_shape", "athlete_day"):
        page.get_by_text(name).first.wait_for(timeout=UI_MS)
    page.goto(f"{club.url}/assets/report/session?view=partitions&partition={MATCH}")
    page.get_by_text("distance in view").first.wait_for(timeout=UI_MS)
    page.close()


def test_report_opens_in_a_browser_and_fits_a_phone(club: Club, browser: Browser) -> None:
    path = club.page(MATCH)
    assert path is not None
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    _fits(page)
    numbers = page.locator("[data-number-id]")
    ids = [numbers.nth(i).get_attribute("data-number-id") for i in range(numbers.count())]
    assert len(ids) == len(set(ids)) > 100
    assert not re.search(r"\b(None|nan|NaT)\b", page.inner_text("body"))
    page.close()


def test_launch_without_a_session_fails_at_once_and_names_the_remedy(club: Club) -> None:
    answer = club.graphql(
        LAUNCH_RUN,
        params={
            "mode": "default",
            "selector": {
                "repositoryLocationName": "touchline",
                "repositoryName": "__repository__",
                "pipelineName": "session_facts",
            },
        },
    )["launchPipelineExecution"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run_id = answer["run"]["runId"]

    def failed() -> bool | None:
        run = club.instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status != dg.DagsterRunStatus.SUCCESS
        return True if run.status == dg.DagsterRunStatus.FAILURE else None

    wait_for("the run to fail", failed, RUN_S)
    assert "names no session: choose one or several sessions" in club.why(run_id)


def _fits(page: Page) -> None:
    """Nothing makes the page itself scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _session_assets(club: Club) -> list[dg.AssetKey]:
    nodes = club.graphql("{ assetNodes { assetKey { path } isPartitioned isMaterializable } }")
    keys = [
        dg.AssetKey(node["assetKey"]["path"])
        for node in nodes["assetNodes"]
        if node["isPartitioned"] and node["isMaterializable"]
    ]
    assert REPORT_SESSION_KEY in keys
    return keys
