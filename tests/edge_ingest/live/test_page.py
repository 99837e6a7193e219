"""The page on a phone, in a real browser."""

from pathlib import Path

import pytest

from tests.edge_ingest.live.conftest import Ground
from tests.edge_ingest.live.feed import batches, norm, norms

pytestmark = pytest.mark.slow
CHROMIUM = "/usr/bin/chromium"


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no chromium: see debian-packages")
def test_a_phone_shows_an_alert_as_it_comes_and_runs_no_name(ground: Ground) -> None:
    from playwright.sync_api import sync_playwright

    ada = norms(norm(high=100.0, act_above=1e6))
    evil = "<img src=x onerror=document.title='run'> Featherstonehaugh-Cholmondeley"
    athlete = ada.athletes[0].model_copy(update={"display_name": evil})
    ground.set_norms(ada.model_copy(update={"athletes": (athlete,)}))
    ground.start_live()
    sent = batches(seconds=40, speed_mps=4.0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                  "--disable-background-networking", "--disable-component-update"],
        )  # fmt: skip
        page = browser.new_page(viewport={"width": 390, "height": 844})
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"http://127.0.0.1:{ground.http}/")
        page.locator("#state", has_text="● live").wait_for()
        assert page.is_visible("#none")
        ground.publish(*sent[:200])
        page.wait_for_selector("#athletes > li")
        assert page.locator("#alerts li").count() == 0
        ground.publish(*sent[200:])
        alert = page.wait_for_selector("#alerts li.watch")
        shown = alert.inner_text().replace("\N{NO-BREAK SPACE}", " ")
        assert "▲ distance above 100 m, since 15:00:25 CET" in shown
        assert "above the own norm of 20 m to 100 m" not in alert.inner_text()
        alert.query_selector("summary").click()
        assert "above the own norm of 20 m to 100 m" in alert.inner_text()
        page.wait_for_selector("#athletes > li.watch .mark.watch")
        distance = page.locator("#athletes dd").first
        page.locator("#athletes dd", has_text="158 m").wait_for()
        assert distance.bounding_box()["height"] > 24, "to be read at arm's length"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.title() == "Touchline live"
        # A silent hour and a half later another session begins, and its page with no alert.
        page.evaluate("showHealth({session_started_at_utc: '2999-03-01T17:00:00.000+00:00'})")
        assert page.locator("#alerts li").count() == 0
        assert not page.is_visible("#alert-part")
        assert ground.stop_live() == 0
        page.locator("#state", has_text="no connection").wait_for()
        assert [one for one in faults if "net::ERR" not in one] == []
        browser.close()
