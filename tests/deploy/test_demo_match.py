"""The drawn match of the demo: drawn once, packed once, and called what it is."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local import demo_match
from resources.environment import Settings, load_settings
from tests.edge_ingest.footage_clips import drawn, encode


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings(), home=tmp_path, landing_uri=str(tmp_path / "landing"))


def test_the_match_is_drawn_once_and_said_to_be_drawn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos: list[Path] = []

    def draw(video: Path) -> None:
        video.parent.mkdir(parents=True)
        videos.append(encode(video, drawn([("play", 2.0)])))

    monkeypatch.setattr(demo_match, "draw", draw)
    said = io.StringIO()
    console = Console(file=said, width=200)

    first, again = (demo_match.pack(settings, console) for _ in range(2))

    assert videos == [settings.home / "demo" / "drawn-match.mp4"]
    assert (first.is_new, again.is_new) == (True, False)
    assert first.session_id == "2026-05-09_football_drawn-match"
    assert first.manifest.device_id == "simulated-camera"
    assert "drawn, not filmed" in said.getvalue()


@pytest.mark.slow
def test_a_drawing_appears_when_it_is_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_match, "SECONDS", 0.4)
    drop = demo_match.pack(settings, Console(file=io.StringIO()))
    assert [one.name for one in (settings.home / "demo").iterdir()] == ["drawn-match.mp4"]
    assert drop.manifest.kind == "footage"
