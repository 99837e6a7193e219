"""The generated page is up to date."""

from pathlib import Path

from docs.build_dictionary import PAGE, dictionary, every_contract


def test_data_dictionary_is_what_the_contracts_say(dbt_cache: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == dictionary(every_contract(dbt_cache)), (
        "docs/data-dictionary.md is stale: run `make docs`"
    )
