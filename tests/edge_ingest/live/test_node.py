"""`edge-ingest live` with a real broker: nothing lost, nothing twice, whatever is restarted."""

import json
import re
import signal
import urllib.error
import urllib.request

import pytest

from deploy.edge.broker import free_port
from edge_ingest.live.messages import positions_topic
from tests.edge_ingest.live.conftest import NODE, Ground, wait_until
from tests.edge_ingest.live.feed import batches, norm, norms

pytestmark = pytest.mark.slow

NORM = norm(high=100.0, act_above=1e6)


def test_an_alert_reaches_mqtt_events_and_the_page_s_data(ground: Ground) -> None:
    ground.set_norms(norms(NORM))
    ground.start_live()
    with urllib.request.urlopen(f"http://127.0.0.1:{ground.http}/events", timeout=10) as events:
        ground.publish(*batches(seconds=40, speed_mps=4.0))
        heard = []
        while not any(line.startswith(b"event: alert") for line in heard):
            heard.append(events.readline())
        told = json.loads(events.readline().removeprefix(b"data: "))
    (alert,) = wait_until("the alert", lambda: ground.alerts)
    assert alert == told
    assert (alert["athlete_id"], alert["severity"], alert["source"]) == (
        "ada", "watch", "edge-live/north",
    )  # fmt: skip
    wait_until("every sample", lambda: ground.has_samples(400))
    answer = ground.get("/athletes")
    assert [one["alert_id"] for one in answer["alerts"]] == [alert["alert_id"]]
    assert answer["athletes"][0]["session"]["total_distance_m"] == pytest.approx(157.8, abs=0.5)
    health = ground.get("/healthz")
    assert health["batches"]["samples"] == 400
    assert health["norms_problem"].startswith("the norms are")
    assert ground.stop_live() == 0
    # What an athlete did stands in no log.
    log = ground.log()
    assert "ada" not in log.lower()
    # Ports and the time of day are none of his numbers.
    numbers = re.findall(r"(?<![\d.,:])\d+(?:\.\d+)?", log)
    assert numbers
    assert not [one for one in numbers if 100 <= float(one) < 101]


def test_a_killed_node_goes_on_and_counts_every_sample_once(ground: Ground) -> None:
    """kill -9 three times in the middle of a session; the numbers are those of one that was not."""
    ground.set_norms(norms(NORM))
    sent = batches(seconds=60, speed_mps=4.0, size=2)
    for number, first in enumerate(range(0, 300, 75)):
        ground.start_live()
        part = sent[first : first + 75]
        # A sender that is not sure sends again.
        ground.publish(*part, *part[-10:])
        wait_until("the part", lambda n=number: ground.has_samples(150 * (n + 1) - 40))
        if number < 3:
            ground.stop_live(signal.SIGKILL)
    wait_until("every sample", lambda: ground.has_samples(600))
    row = ground.row()
    assert row is not None
    assert row["samples"] == 600
    assert row["session"]["total_distance_m"] == pytest.approx(4 * 59.45, rel=1e-3)
    assert ground.get("/healthz")["batches"]["missed"] == 0
    assert len({alert["alert_id"] for alert in ground.alerts}) == 1
    assert ground.stop_live() == 0


def test_what_comes_while_the_node_is_down_is_kept_by_the_broker(ground: Ground) -> None:
    ground.set_norms(norms(NORM))
    sent = batches(seconds=120, speed_mps=4.0)
    ground.start_live()
    ground.publish(*sent[:10])
    wait_until("the first samples", lambda: ground.has_samples(10))
    ground.stop_live()
    ground.publish(*sent[10:])
    ground.start_live()
    wait_until("every sample", lambda: ground.has_samples(1200))
    assert [alert["metric"] for alert in ground.alerts] == ["total_distance_m"]


def test_a_broker_that_is_restarted_loses_nothing(ground: Ground) -> None:
    ground.set_norms(norms(NORM))
    sent = batches(seconds=60, speed_mps=4.0)
    ground.start_live()
    ground.publish(*sent[:200])
    wait_until("the first part", lambda: ground.has_samples(200))
    ground.stop_broker()
    # These wait in the tracker; the page goes on, and says that the broker is away.
    ground.publish(*sent[200:400])
    wait_until("the node to see it", lambda: not _is_connected(ground))
    ground.start_broker()
    ground.publish(*sent[400:])
    wait_until("every sample", lambda: ground.has_samples(600))
    wait_until("the alert", lambda: ground.alerts)
    row = ground.row()
    assert row is not None
    assert row["session"]["total_distance_m"] == pytest.approx(4 * 59.45, rel=1e-3)
    assert ground.get("/healthz")["reconnects"] >= 1
    assert len({alert["alert_id"] for alert in ground.alerts}) == 1


def test_norms_that_come_late_or_broken_and_messages_that_are_none(ground: Ground) -> None:
    ground.start_live()
    assert "no personal norms" in ground.get("/healthz")["norms_problem"]
    ground.tracker.publish(positions_topic(NODE, "catapult", "7"), b"{nonsense", qos=1)
    ground.publish(*batches(seconds=30, speed_mps=4.0))
    wait_until("samples", lambda: ground.has_samples(300, "catapult:7"))
    assert ground.get("/healthz")["refused_messages"] == 1
    ground.set_norms(norms(NORM))
    wait_until("the norms", lambda: ground.get("/healthz")["norms_made_at_utc"])
    ground.publish(*batches(seconds=31, speed_mps=4.0)[300:])
    wait_until("the alert", lambda: ground.alerts)
    ground.norms.write_text("{")
    wait_until("a word", lambda: "going on" in ground.get("/healthz")["norms_problem"])


def test_a_node_has_one_live_process_and_status_shows_it(ground: Ground) -> None:
    assert "live does not run" in ground.run("status")
    ground.start_live()
    first = ground.live
    assert first is not None
    assert "live runs" in ground.run("status")
    ground.start_live("--http", f"127.0.0.1:{free_port()}", expect_up=False)
    assert ground.live is not None
    assert ground.live.wait(timeout=20) == 2
    ground.live = first
    assert f"`edge-ingest live` runs already (process {first.pid})" in ground.log()
    assert ground.stop_live() == 0


def _is_connected(ground: Ground) -> bool:
    """A node without a broker answers 503, and goes on."""
    try:
        return bool(ground.get("/healthz")["is_connected"])
    except urllib.error.HTTPError as error:
        return error.code != 503
