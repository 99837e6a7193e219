"""Every number of a page leads somewhere: to a row by its id, or to rows by its basis."""

import pytest

from resources.contracts import ALL
from resources.dbt.contracts import dbt_contracts
from resources.dbt.graph import DbtGraph
from resources.explain.basis import Basis, basis, rows_of
from resources.explain.lineage import BEFORE_DBT, lineage
from resources.explain.page import read_numbers
from resources.explain.raw_rows import _RULES
from sports_assets.definitions import defs
from sports_assets.keys import asset_key
from sports_assets.reports.numerals import Numeral, derived, numeral
from sports_assets.reports.session_page import render_session_page
from sports_assets.warehouse.assets import PROJECT

CONTRACTS = {one.key: one for one in (*ALL, *dbt_contracts(PROJECT.manifest).values())}


@pytest.mark.parametrize("flavour", ["match", "event_match", "ride", "circuit"])
def test_each_number_names_a_row_or_rows_that_there_can_be(flavour, request, colophon):
    numbers = read_numbers(render_session_page(request.getfixturevalue(flavour), colophon))
    assert len(numbers) > 30
    for number in numbers.values():
        if number.basis is None:
            key = tuple(n for n in CONTRACTS[number.table].primary_key if n != "session_id")
            asked = [number.row(key)]
        else:
            asked = number.basis.rows
        for rows in asked:
            columns = {column.name for column in CONTRACTS[rows.table].columns}
            assert set(rows.columns) <= columns, number.number_id
            assert set(rows.conditions) <= columns | {"athlete_id", "team_side"}
            assert rows.table in _RULES, number.number_id


def test_a_page_tells_value_factor_and_unit_as_they_were_made(match, colophon):
    numbers = read_numbers(render_session_page(match, colophon))
    top = numbers["mart/athlete_session_external_load/home-9/top_speed_mps"]
    assert (top.text, top.unit, top.value, top.factor) == ("31.7", "km/h", "31.68", 3.6)
    assert top.parts == ("home-9", "top_speed_mps")


def test_a_basis_reads_back_from_the_page():
    made = basis(
        "a ÷ b, each added up",
        rows_of("mart/x", "a", "b", athlete_id="feed:7/8 #9 & co", team_side="home"),
        rows_of("core/session", "duration_s"),
    )
    assert Basis.from_text(made.to_text()) == made


def test_no_number_is_made_without_a_way_back():
    with pytest.raises(ValueError, match="needs a basis"):
        Numeral("report/session/all/count", "3")
    with pytest.raises(ValueError, match="has its row"):
        numeral("mart/x/a/b", 1.0, made_of=basis("counted"))
    assert derived("all", "count", 3, made_of=basis("counted")).basis == basis("counted")


def test_what_is_made_before_dbt_is_what_the_asset_graph_says():
    graph = defs.resolve_asset_graph()
    for key, above in BEFORE_DBT.items():
        assert set(above) == {
            parent.to_user_string() for parent in graph.get(asset_key(key)).parent_keys
        }


def test_every_way_ends_in_raw_or_with_the_club():
    found = lineage(DbtGraph(PROJECT.manifest), "mart/athlete_session_baseline")
    named = {key for key, _ in found}
    ends = {one for _, above in found for one in above} - named
    assert {"raw/positions", "raw/signals", "raw/sessions"} <= ends
    assert {end.partition("/")[0] for end in ends} == {"raw", "identity"}
