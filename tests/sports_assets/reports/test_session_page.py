"""The page as a file: whole, self-contained, honest about gaps, the same for the same facts."""

import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_ingest.records import Quality as QualityBit
from resources.provenance import ProvenanceRef
from resources.quality import Effect
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import Baseline, EventCounts, ExternalLoad, InternalLoad
from sports_assets.reports.facts_sources import Quality
from sports_assets.reports.notes_quality import EFFECTS, RULES, flag_notes
from sports_assets.reports.page_origin import PageOrigin, read_origin
from sports_assets.reports.session_page import bind_page, make_content, render_session_page

VOID = {"meta", "br", "hr", "img", "input", "link"}
FLAVOURS = ("match", "event_match", "ride")

#: How Python writes what is no number: none of it may reach a page.
_NO_NUMBER = re.compile(r"\b(None|nan|NaN|inf)\b")
_TEXT = st.text(max_size=8).filter(lambda text: not _NO_NUMBER.search(text))


class Page(HTMLParser):
    """Reads a page and complains of a tag that is not closed where it should be."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture(scope="module", params=FLAVOURS)
def html(request, colophon) -> str:
    return render_session_page(request.getfixturevalue(request.param), colophon)


def test_the_page_is_well_formed_and_says_its_language(html):
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script(html):
    assert "http" not in html
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe|\bsrc=", html)
    for reference in Page(html).all("href"):
        assert reference.startswith("#")


def test_each_number_has_an_id_of_its_own(html):
    ids = Page(html).all("data-number-id")
    assert len(ids) > 20
    assert len(ids) == len(set(ids))
    for each in ids:
        assert re.fullmatch(r"(core|mart|report)/[a-z_]+(/[^/\s]+)+", each)


def test_element_ids_are_unique_and_references_lead_somewhere(html):
    page = Page(html)
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for reference in [*page.all("aria-labelledby"), *(h[1:] for h in page.all("href"))]:
        assert reference in ids
    for target in re.findall(r"url\(#([^)]+)\)", html):
        assert target in ids


def test_there_are_three_sentences_and_two_pictures_with_alt_text(html):
    page = Page(html)
    assert html.count("<li><h3>") == 3
    pictures = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(pictures) == 2
    assert all(attrs["role"] == "img" for attrs in pictures)
    assert len(re.findall(r"<svg[^>]*><title id=[^>]*>[^<]{30,}</title>", html)) == 2


def test_every_table_has_headers_with_a_scope(html):
    headers = [attrs for tag, attrs in Page(html).tags if tag == "th"]
    assert headers
    assert all(attrs.get("scope") in {"row", "col"} for attrs in headers)


def test_no_gap_shows_as_a_word_of_the_machine(html):
    assert not re.search(r"\b(None|nan|NaN|inf|Undefined)\b", html)


def test_pictures_take_their_colours_from_the_page(html):
    assert "var(--home)" in html
    assert not re.search(r"#0a[0-9a-f]{2}fe", html)
    defined = set(re.findall(r"(--[a-z0-9-]+):", html))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", html)) <= defined


def test_the_foot_tells_stages_drops_snapshots_settings_and_code(html):
    page = Page(html)
    for wanted in ("dbt <build>", "s.feed.tracking", "00c0ffee00c0ffee", "42", "0.1.0+abc",
                   "kinematics.cutoff_hz", "Revision 3."):  # fmt: skip
        assert wanted in page.text
    # From the start of raw to the end of dbt: 6 + 5.1 s.
    assert 'data-number-id="report/session/stopwatch/total" value="11.1"' in html


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_same_facts_give_the_same_bytes(flavour, request, colophon):
    facts = request.getfixturevalue(flavour)
    assert render_session_page(facts, colophon) == render_session_page(facts, colophon)


def test_what_a_page_says_does_not_depend_on_how_it_came_to_be(match, colophon):
    content = make_content(match)
    later = Colophon(
        9, (), ProvenanceRef(drops=(), snapshots={}, settings={}, code_version="0.2.0")
    )
    assert content.sha256 == make_content(match).sha256
    one, other = bind_page(content, colophon), bind_page(content, later)
    assert one != other
    assert content.sha256 in one
    assert content.sha256 in other
    assert "No stage was timed." in other


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda facts: replace(facts, header=replace(facts.header, home_score=3)),
        lambda facts: replace(facts, athletes=facts.athletes[1:]),
        lambda facts: replace(facts, mean_places=facts.mean_places[1:]),
        lambda facts: replace(facts, unmatched=()),
        lambda facts: replace(facts, quality=replace(facts.quality, position_count=460_100)),
    ],
)
def test_whatever_a_page_says_is_in_its_checksum(match, change):
    assert make_content(change(match)).sha256 != make_content(match).sha256


@pytest.mark.parametrize("name", ["x", '"><script>alert(1)</script>', "</head>", "<!--", "&quot;'"])
def test_a_page_tells_what_it_was_made_of_whatever_is_in_it(match, colophon, name):
    """A sha-256, and settings whose values a person chose."""
    made_of = colophon.provenance.model_copy(
        update={"settings": {"club_timezone": name}, "snapshots": {"mart/t": 2**63 - 1}}
    )
    content = make_content(match)
    html = bind_page(content, replace(colophon, provenance=made_of))
    assert read_origin(html) == PageOrigin(content.sha256, made_of)
    Page(html)
    assert "<script" not in html


def test_a_page_of_an_earlier_version_tells_nothing_of_its_origin(match, colophon):
    html = render_session_page(match, colophon)
    assert read_origin(re.sub(r'<meta name="provenance".*\n', "", html)) is None
    assert read_origin(html.replace("code_version", "version_of_code")) is None


def test_names_are_text_and_never_markup(match):
    nasty = '<script>alert("1")</script>&'
    one = replace(match.athletes[11], display_name=nasty)
    facts = replace(
        match,
        header=replace(match.header, home_team_name=nasty, site=nasty),
        athletes=(one, *match.athletes[12:]),
    )
    html = make_content(facts).html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    Page(html)


def test_own_history_stands_beside_the_number_and_only_there(match, with_history, colophon):
    assert 'class="beside"' not in render_session_page(match, colophon)
    norm = Baseline("distance_per_min_m", 144.0, 4, 130.0, 6.0, 10.8)
    html = render_session_page(with_history(match, "home-9", norm), colophon)
    assert html.count('class="beside"') == 1
    assert "own mean of 4 earlier sessions of this sport" in Page(html).text
    number = "mart/athlete_session_baseline/home-9/distance_per_min_m/difference_percent"
    assert f'data-number-id="{number}" value="10.8">+11<' in html


def test_totals_seen_in_part_and_the_scarcely_seen_stand_alone(match, with_history, colophon):
    total = Baseline("high_speed_distance_m", 500.0, 4, 400.0, 60.0, 25.0)
    assert 'class="beside"' not in render_session_page(
        with_history(match, "home-9", total), colophon
    )
    rate = Baseline("distance_per_min_m", 144.0, 4, 130.0, 6.0, 10.8)
    assert 'class="beside"' not in render_session_page(
        with_history(match, "home-1", rate), colophon
    )


def test_the_home_side_comes_first_and_most_high_speed_running_on_top(match, colophon):
    html = render_session_page(match, colophon)
    names = re.findall(r'<span class="name">([^<]+)</span>', html)
    assert names[0] == "Home Player 12"
    assert names[11] == "Home Player 1"
    assert names[12] == "Away Player 12"


def test_where_all_were_seen_in_part_no_metabolic_power_is_shown(match, colophon):
    assert "mean_metabolic_power_w_per_kg" not in render_session_page(match, colophon)
    throughout = replace(
        match,
        athletes=tuple(
            replace(one, external=replace(one.external, tracked_s=5500.0)) for one in match.athletes
        ),
    )
    assert "mean_metabolic_power_w_per_kg" in render_session_page(throughout, colophon)


def test_the_scarcely_seen_come_last_and_have_no_bar(match, colophon):
    burst = replace(match.athletes[0].external, tracked_s=60.0, high_speed_distance_per_min_m=99.0)
    facts = replace(
        match, athletes=(replace(match.athletes[0], external=burst), *match.athletes[1:])
    )
    html = render_session_page(facts, colophon)
    home = html.split("<tbody>")[1].split("</tbody>")[0]
    assert re.findall(r'<span class="name">([^<]+)</span>', home)[-1] == "Home Player 1"
    assert 'class="bar"' not in home.split("<tr")[-1]
    assert "width:100.0%" in home


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "Red – Blue"),
        ({"home_team_name": None}, "Red blue"),
        ({"home_team_name": None, "session_id": "2026-03-07_football_stadium-1530"}, "Bike"),
        (
            {"home_team_name": None, "session_id": "2026-03-07_cycling_session-0704", "name": None},
            "Football, 07 March 2026",
        ),
    ],
)  # fmt: skip
def test_a_page_is_called_by_sides_then_calendar_then_device(match, changes, title):
    header = replace(match.header, **({"name": "Bike"} | changes))
    assert make_content(replace(match, header=header)).title == title


def test_who_is_not_matched_is_told_in_words(match, ride, colophon):
    text = " ".join(Page(render_session_page(match, colophon)).text.split())
    assert "Home Player 3. Missing from the club’s list" in text
    assert "home_anon_1" not in text
    assert "Every athlete is known to the club’s list." in Page(
        render_session_page(ride, colophon)
    ).text.replace("\n", " ")


nothing_or_odd = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.integers(0, 10)


def hollowed(kind):
    return st.builds(
        kind,
        **{
            field.name: st.none() | _TEXT if "str" in str(field.type) else nothing_or_odd
            for field in fields(kind)
        },
    )


@pytest.mark.slow
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_page_is_made_whatever_is_missing(flavour, request, colophon, data):
    facts = request.getfixturevalue(flavour)
    athletes = tuple(
        replace(
            one,
            display_name=data.draw(st.none() | st.text(max_size=12)),
            shirt_number=data.draw(st.none() | st.integers(0, 99)),
            external=data.draw(st.none() | hollowed(ExternalLoad)),
            internal=data.draw(st.none() | hollowed(InternalLoad)),
            events=data.draw(
                st.none()
                | st.builds(
                    EventCounts,
                    **{f.name: st.none() | st.integers(0, 60) for f in fields(EventCounts)},
                )
            ),
            baselines=data.draw(
                st.just(())
                | st.tuples(
                    st.builds(
                        Baseline,
                        st.sampled_from(["distance_per_min_m", "edwards_trimp_au", "pass_count"]),
                        nothing_or_odd,
                        st.integers(0, 5),
                        nothing_or_odd,
                        nothing_or_odd,
                        nothing_or_odd,
                    )
                )
            ),
        )
        for one in facts.athletes[:4]
    )
    hollow = replace(
        facts,
        header=replace(
            facts.header,
            name=data.draw(st.none() | st.just("A session")),
            site=data.draw(st.none() | st.just("A place")),
            duration_s=data.draw(st.none() | st.floats(0, 90_000)),
            home_score=data.draw(st.none() | st.integers(0, 9)),
            home_team_name=data.draw(st.none() | st.just("Red")),
        ),
        played_s=data.draw(st.none() | st.floats(0, 9000)),
        athletes=athletes,
        shape=(),
        mean_places=(),
        event_marks=(),
        pass_windows=(),
        trace=None,
        quality=data.draw(
            st.builds(
                Quality, **{f.name: st.none() | st.integers(0, 10**6) for f in fields(Quality)}
            )
        ),
    )
    html = render_session_page(hollow, colophon)
    page = Page(html)
    assert not _NO_NUMBER.search(re.sub(r'<span class="name">[^<]*', "", html))
    assert html.count("<li><h3>") == 3
    ids = page.all("data-number-id")
    assert len(ids) == len(set(ids))


def test_the_page_tells_what_the_filters_flagged_and_what_became_of_it(
    match: SessionFacts, colophon: Colophon
) -> None:
    places, ball = (note for note in flag_notes(match))
    assert places.topic == "Places, feed"
    assert places.text == (
        "1.4\u202f% frozen, 0.1\u202f% with a poor fix (left out); "
        "20.0\u202f% filled in by the source (counted as they are)."
    )
    assert ball.text == "10.0\u202f% off the field (in no shape or picture)."
    page = render_session_page(match, colophon)
    assert 'data-number-id="mart/stream_quality/s.feed.tracking/athlete/frozen/flagged_share"' in (
        page
    )


def test_every_rule_and_effect_has_its_words() -> None:
    assert set(RULES) == {bit.name.lower() for bit in QualityBit}
    assert set(EFFECTS) == set(get_args(Effect))


def test_the_page_names_the_settings_of_the_filters_behind_each_stream(
    match: SessionFacts, colophon: Colophon
) -> None:
    page = render_session_page(match, colophon)
    assert "<code>s.feed.tracking</code> settings <code>0123456789ab</code>" in page
    assert "<dt>optical.run_off_m</dt><dd>4.0</dd>" in page
    # They are no part of what the page says: other settings alone make no new revision.
    assert make_content(match).sha256 in page
