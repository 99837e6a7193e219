"""The page on footage: honest about gaps, whole in one file, the same for the same rows."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import numpy as np
import pytest

from resources.explain.page import read_numbers
from resources.provenance import DropRef, ProvenanceRef
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.page_origin import PageOrigin, read_origin
from sports_assets.vision.page.annotate import annotate
from sports_assets.vision.page.facts import SessionNames, read_facts
from sports_assets.vision.page.footage_page import bind_page, make_content
from sports_assets.vision.page.places import density, simplified
from sports_assets.vision.page.tables import instant_key
from sports_assets.vision.page.top_view import picture_margin
from sports_assets.vision.pitch import FieldSize
from tests.vision.made_footage import (
    BEGAN,
    CAMERA,
    SESSION,
    camera_row,
    footage_row,
    formation_rows,
    people,
    positions,
    quality_row,
    tables,
    video,
)

pytestmark = pytest.mark.slow

CHROMIUM = "/usr/bin/chromium"
NAMES = SessionNames(SESSION, "Reds – Whites", "Europe/Berlin", "Reds", "Whites", {})
PROVENANCE = ProvenanceRef(
    drops=(DropRef(drop_id="00c0ffee", stream_id="s.left.footage", revision=1),),
    snapshots={}, settings={"vision.detector": "motion"}, code_version="0.1.0+abc",
)  # fmt: skip
COLOPHON = Colophon(2, (), PROVENANCE)
BARE = dict.fromkeys(
    ("people_seen", "followed_share", "team_share", "ball_share", "longest_gap_s",
     "reprojection_error_m")
)  # fmt: skip


def facts_of(rows=None, names=NAMES, **told):
    return read_facts(tables(rows, **told), names)


def html_of(facts, clip=None):
    return bind_page(make_content(facts), COLOPHON, clip)


def plain(html: str) -> str:
    """What a reader reads, without style."""
    body = re.sub(r"</?(data|span|abbr)\b[^>]*>", "", html.partition("<body>")[2])
    text = unescape(re.sub(r"<[^>]+>", " ", body)).replace("\N{NARROW NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", text)


def told(facts) -> str:
    """The page's words."""
    return plain(html_of(facts))


UNCALIBRATED = {
    "rows": positions(is_calibrated=False, has_sides=False),
    "camera": [camera_row(state="uncalibrated")],
    "quality": [quality_row(calibrated_share=0.0, reprojection_error_m=None, team_share=0.0)],
    "formation": [],
}
REFUSED = {
    "footage": [footage_row(), footage_row("bb" * 32, camera="right")],
    "camera": [
        camera_row(),
        camera_row("bb" * 32, "refused", camera="right", reason="the camera moves: use a tripod"),
    ],
}
NOTHING = {
    "rows": [], "camera": [camera_row(state="refused")], "formation": [],
    "quality": [quality_row(**BARE, looks=0, calibrated_share=0.0, swaps=0, is_good=False,
                            reason="no look was made: 0 of 1 videos could be read")],
}  # fmt: skip
SHORT = {
    "rows": positions(length_s=1.0), "footage": [footage_row(length_s=1.0)], "formation": [],
    "quality": [quality_row(looks=5, footage_s=1.0)],
}  # fmt: skip
NO_SIDES = {
    "rows": positions(has_sides=False), "quality": [quality_row(team_share=0.0)], "formation": [],
}  # fmt: skip
UNMADE = {"rows": [], "camera": [], "quality": [], "formation": []}
MATCH = {
    "rows": positions(length_s=20.0), "footage": [footage_row(length_s=20.0)],
    "formation": formation_rows(19),
}  # fmt: skip
CASES = {
    "a match": MATCH,
    "whole": {}, "uncalibrated": UNCALIBRATED, "one of two refused": REFUSED, "nothing": NOTHING,
    "one second": SHORT, "no sides": NO_SIDES, "not looked at": UNMADE,
    "no footage": UNMADE | {"footage": []},
}  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    return facts_of()


@pytest.fixture(params=CASES, scope="module")
def html(request):
    return html_of(facts_of(**CASES[request.param]))


class Page(HTMLParser):
    """Reads a page and complains of a tag that is not closed where it should be."""

    VOID = frozenset({"meta", "br", "img", "input", "link"})

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def all(self, attribute):
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]


def test_every_case_gives_a_whole_small_page(html):
    page = Page(html)
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert len(html.encode()) < 100_000
    assert not re.search(
        r"\b(None|nan|NaN|inf|Undefined)\b", plain(html).partition("Where these numbers")[0]
    )
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for reference in page.all("aria-labelledby"):
        assert reference in ids
    for target in re.findall(r"url\(#([^)]+)\)", html):
        assert target in ids
    assert "What could not be seen" in html


def test_every_case_loads_nothing_from_elsewhere(html):
    assert "http" not in html
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe|\bsrc=\"(?!data:)", html)
    defined = set(re.findall(r"(--[a-z0-9-]+):", html))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", html)) <= defined
    assert not re.search(r"#0a[0-9a-f]{2}fe", html)


def test_every_number_has_an_id_of_its_own_that_leads_back(html):
    ids = Page(html).all("data-number-id")
    assert len(ids) == len(set(ids))
    numbers = read_numbers(html)
    assert set(numbers) == set(ids)
    for number in numbers.values():
        assert re.fullmatch(r"(vision|report)/[a-z_]+(/[^/\s]+)+", number.number_id)
        assert (number.basis is not None) == number.number_id.startswith("report/")
        if number.table == "vision/camera":
            assert number.row(("footage_sha256",)).columns
        if number.table == "vision/formation":
            assert number.row(("team_side", "window_start_utc", "phase")).columns


def test_the_same_rows_give_the_same_content_however_they_are_ordered(whole):
    assert make_content(facts_of(positions()[::-1])).sha256 == make_content(whole).sha256
    other = facts_of(quality=[quality_row(ball_share=0.5)])
    assert make_content(other).sha256 != make_content(whole).sha256
    moved = positions()
    moved[200]["left_px"] += 3.0
    assert make_content(facts_of(moved)).sha256 != make_content(whole).sha256


def test_what_a_page_says_does_not_depend_on_how_it_came_to_be(whole):
    content = make_content(whole)
    later = Colophon(9, (), PROVENANCE.model_copy(update={"code_version": "0.2.0"}))
    pages = [bind_page(content, one, None) for one in (COLOPHON, later)]
    assert [read_origin(page).content_sha256 for page in pages] == [content.sha256] * 2
    assert read_origin(pages[0]) == PageOrigin(content.sha256, PROVENANCE)
    assert "Revision 2." in pages[0]
    assert "00c0ffee" in pages[0]


def test_a_good_session_says_what_was_seen(whole):
    text = told(whole)
    assert "One camera filmed 4 s. It is placed on the pitch, to within 0.21 m." in text
    assert "22 people are on the field in a look" in text
    assert "The ball is seen in 75 % of looks, short gaps bridged." in text
    assert "Reds 4-4-2 in 4 of 6 windows; Whites 4-2-3-1 in 5 of 5 windows." in text
    assert "1 of 6 windows of Whites name no formation" in text
    assert "93 % of the field is in its picture" in text


def test_a_short_clip_is_not_told_as_a_match_is():
    silent = [row | {"formation": None, "confidence": None} for row in formation_rows(1)]
    html = html_of(facts_of(formation=silent))
    text = plain(html)
    assert 'id="formation-strip-alt"' not in html
    assert text.count("Formation ") == 1
    assert "There is none: it needs minutes of footage" in text
    assert "half-time" not in text
    assert "Manifest to page" not in text, "no stage of it was timed"
    assert "half-time" in told(facts_of(footage=[footage_row(length_s=2700.0)]))


def test_without_a_calibrated_camera_nothing_is_told_in_metres():
    text = told(facts_of(**UNCALIBRATED))
    assert "It is not placed on the pitch: nothing below is in metres." in text
    assert "give four points" in text, "the camera's own reason, with its remedy"
    assert "There is no view from above" in text
    assert "there is no place in metres to trust" in text
    assert not re.search(r"\d m\b", text)


def test_a_camera_that_was_refused_is_named_with_its_reason():
    text = told(facts_of(**REFUSED))
    assert "Two cameras (left and right) filmed 8 s in all." in text
    assert "Only camera left is placed on the pitch, to within 0.21 m." in text
    assert "What camera right filmed was refused." in text
    assert "Camera right The video was not looked at: the camera moves: use a tripod." in text


def test_footage_that_is_bad_says_so_before_anything_else():
    text = told(facts_of(**NOTHING))
    assert "Do not rely on this footage. no look was made: 0 of 1" in text
    assert "Nobody was seen: there is no clip" in text
    assert text.index("Do not rely") < text.index("Cameras")


def test_without_sides_there_is_a_view_from_above_and_no_shape():
    text = told(facts_of(**NO_SIDES))
    assert "The same moment from above" in text
    assert "Where each side was seen" not in text
    assert "Of 100 % of the people on the field no side is told" in text
    assert "side not told" in text


def test_one_second_is_told_as_one_second():
    text = told(facts_of(**SHORT))
    assert "One camera filmed 1 s." in text
    assert "All 1 s of it" in text
    assert "it needs minutes of footage" in text


def test_footage_that_nobody_looked_at_yet_says_so():
    assert "The video was not looked at yet." in told(facts_of(**UNMADE))
    assert "There is no footage of this session." in told(facts_of(**UNMADE, footage=[]))


def test_many_videos_of_a_camera_share_one_reason():
    shas = [f"{n:02x}" * 32 for n in range(4)]
    footage = [
        footage_row(sha, started_at_utc=datetime(2026, 3, 1, 14, n, tzinfo=UTC))
        for n, sha in enumerate(shas)
    ]
    cameras = [camera_row(shas[0]), *(camera_row(sha, "uncalibrated") for sha in shas[1:])]
    text = told(facts_of([], footage=footage, camera=cameras))
    assert text.count("give four points") == 1
    assert "3 of 4 videos tell of pixels" in text


def test_shirt_numbers_stand_for_those_who_are_recognised():
    rows = [one | {"athlete_id": "ath-7"} if one["track_id"] == 3 else one for one in positions()]
    names = replace(NAMES, shirt_numbers={"ath-7": "17"})
    facts = facts_of(rows, names)
    assert dict(facts.plan.labels) == {3: "17"}
    assert facts.linked_tracks == 1
    html = html_of(facts)
    assert re.search(r"<text[^>]*>17</text>", html)
    assert "number on colour: shirt" in html
    assert "number on black: a track’s running number" in html


def test_names_are_words_and_no_markup():
    evil = replace(NAMES, title="<b>{x}</b>", home_name="{0} <i>", away_name="</svg>&")
    html = html_of(facts_of(names=evil))
    Page(html)
    for tag in ("<b>{x}", "{0} <i>", "</svg>&"):
        assert tag not in html
    assert "{0} &lt;i&gt; 4-4-2 in" in html


def test_two_cameras_are_one_view_from_above():
    left = positions(who=[one for one in people() if one.x_m < 5])
    right = positions("bb" * 32, who=[one for one in people() if one.x_m > -5])
    facts = facts_of(
        left + right,
        footage=[footage_row(), footage_row("bb" * 32, camera="right")],
        camera=[camera_row(), camera_row("bb" * 32, camera="right")],
    )
    both = {one.track_id for one in facts.moment_paths}
    assert both == {row["track_id"] for row in left + right if row["x_m"] is not None}
    assert all(np.isfinite(part).all() for one in facts.moment_paths for part in one.parts)
    once = density(tables(positions()).positions, FieldSize())
    twice = density(tables(positions() + positions("bb" * 32)).positions, FieldSize())
    assert [one.looks for one in once] == [one.looks for one in twice]


def test_ground_beyond_the_picture_is_told_from_ground_within():
    x, y, margin = picture_margin([CAMERA], FieldSize())
    assert margin.shape == (y.size, x.size)
    assert margin[y.size // 2, x.size // 2] > 0, "the centre spot"
    assert margin[0, 0] < 0, "the near corner"
    _, _, blind = picture_margin([], FieldSize())
    assert blind.max() < 0


def test_a_way_with_fewer_points_stays_where_it_was():
    t = np.linspace(0, 6, 200)
    way = np.column_stack([10 * np.cos(t), 8 * np.sin(t)])
    short = simplified(way, 0.2)
    assert len(short) < 40
    nearest = np.linalg.norm(way[:, None] - short[None], axis=2).min(1)
    assert (short[0] == way[0]).all()
    assert (short[-1] == way[-1]).all()
    assert nearest.max() < 3
    still = np.zeros((5, 2))
    assert len(simplified(still, 0.2)) == 2


def test_windows_after_a_break_are_not_joined():
    rows = formation_rows(2)
    for row in rows:
        if row["window_start_utc"] > BEGAN:
            row["window_start_utc"] = row["window_start_utc"].replace(hour=15)
            row["window_end_utc"] = row["window_end_utc"].replace(hour=15)
    parted = html_of(facts_of(formation=rows))
    assert parted.count(">4-4-2</text>") == 6
    assert html_of(facts_of(formation=formation_rows(2))).count(">4-4-2</text>") == 3
    assert ">15:00</text>" in parted
    assert ">16:05</text>" in parted


def test_a_thin_bar_is_an_unsure_one(whole):
    html = html_of(whole)
    widths = {
        float(width)
        for width in re.findall(r'width="([\d.]+)" height="[\d.]+" fill="var\(--home\)"', html)
    }
    assert len(widths) == 2
    assert min(widths) < 0.6 * max(widths)


@pytest.mark.parametrize(
    "instant",
    [BEGAN, BEGAN.replace(microsecond=500_000), BEGAN.replace(second=7, microsecond=1234)],
)
def test_a_window_is_named_as_the_engine_names_it(instant):
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        (text,) = connection.execute(
            "select cast($1::timestamptz as varchar)", [instant]
        ).fetchone()
    assert instant_key(instant) == text


def test_the_clip_is_within_the_page(whole, tmp_path):
    clip = annotate(video(tmp_path / "made.mp4"), whole.plan)
    content = make_content(whole)
    html = bind_page(content, COLOPHON, clip)
    page = Page(html)
    (attrs,) = [attrs for tag, attrs in page.tags if tag == "video"]
    assert attrs["src"].startswith("data:video/mp4;base64,")
    assert attrs["poster"].startswith("data:image/jpeg;base64,")
    assert {"controls", "muted", "playsinline", "aria-label"} <= set(attrs)
    assert read_origin(html).content_sha256 == content.sha256
    assert "made without its clip" not in html
    assert "made without its clip" in bind_page(content, COLOPHON, None)


@pytest.mark.slow
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no chromium: see debian-packages")
def test_a_phone_plays_the_clip_and_nothing_sticks_out(whole, tmp_path):
    from playwright.sync_api import sync_playwright

    clip = annotate(video(tmp_path / "made.mp4"), whole.plan)
    path = tmp_path / "r0001.html"
    path.write_text(bind_page(make_content(whole), COLOPHON, clip), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                  "--disable-background-networking", "--disable-component-update"],
        )  # fmt: skip
        for width, scheme in ((390, "light"), (390, "dark"), (1280, "light")):
            page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
            faults: list[str] = []
            asked: list[str] = []
            page.on("console", lambda message, to=faults: to.append(message.text))
            page.on("pageerror", lambda error, to=faults: to.append(str(error)))
            page.on("request", lambda request, to=asked: to.append(request.url))
            page.goto(path.as_uri())
            video_tag = page.locator("video")
            video_tag.evaluate("video => video.play()")
            page.wait_for_function("document.querySelector('video').currentTime > 0.3")
            size = video_tag.evaluate("video => [video.videoWidth, video.videoHeight]")
            assert size == [clip.video.width_px, clip.video.height_px]
            assert video_tag.evaluate("video => video.duration") == pytest.approx(4, abs=0.05)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert faults == []
            assert all(one.startswith(("file:", "data:")) for one in asked)
            page.close()
        browser.close()
