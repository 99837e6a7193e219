"""The settings of the filters: one file, strictly read, and told in every manifest."""

import dataclasses
from importlib.resources import files
from pathlib import Path

import pytest

from edge_ingest.cleaning.settings import SettingsError, load_settings
from edge_ingest.errors import EdgeError
from edge_ingest.records import SPORTS

PACKAGED = (files("edge_ingest.cleaning") / "settings.toml").read_text("utf-8")


def _file(tmp_path: Path, old: str, new: str) -> Path:
    assert PACKAGED.count(old) >= 1
    path = tmp_path / "filters.toml"
    path.write_text(PACKAGED.replace(old, new, 1))
    return path


def test_the_packaged_file_covers_every_sport_and_setting() -> None:
    settings = load_settings()
    flat = settings.flat()

    assert set(settings.limits) == set(SPORTS)
    assert flat["cleaning.version"] == 2
    assert flat["gnss.max_hdop"] == 4.0
    assert flat["limits.cycling.speed_mps"] == 40.0
    sections = [getattr(settings, name) for name in
                ("gnss", "frozen", "heart_rate", "beats", "optical", "footage")]  # fmt: skip
    fields = sum(len(dataclasses.fields(section)) for section in sections)
    assert len(flat) == 1 + fields + 2 * len(SPORTS)


def test_only_what_was_used_is_told() -> None:
    flat = load_settings().flat(["gnss", "limits"], sport="rowing")

    assert {name.split(".")[0] for name in flat} == {"cleaning", "gnss", "limits"}
    assert {name for name in flat if name.startswith("limits")} == {
        "limits.rowing.speed_mps", "limits.rowing.acceleration_mps2",
    }  # fmt: skip


def test_a_club_may_bring_its_own(tmp_path: Path) -> None:
    path = _file(tmp_path, "max_hdop = 4.0", "max_hdop = 3")

    assert load_settings(path).gnss.max_hdop == 3.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\nversion = 2", "\nversion = 3", "says version = 3, and this edge node reads version 2"),
        ("\nversion = 2", "\n", "says version = None"),
        ("max_hdop = 4.0", "max_hdpo = 4.0", "gnss.max_hdpo, which is no setting"),
        ("max_hdop = 4.0", "", "lacks gnss.max_hdop"),
        ("max_hdop = 4.0", 'max_hdop = "4"', "gnss.max_hdop is '4' and must be a number above"),
        ("max_hdop = 4.0", "max_hdop = nan", "gnss.max_hdop is nan and must be a number above"),
        ("max_hdop = 4.0", "max_hdop = inf", "gnss.max_hdop is inf"),
        ("max_hdop = 4.0", "max_hdop = true", "gnss.max_hdop is True"),
        ("min_satellites = 6", "min_satellites = 6.5", "must be a whole number above nought"),
        ("min_satellites = 6", "min_satellites = -1", "gnss.min_satellites is -1"),
        ('rule = "lipponen_tarvainen"', 'rule = "none"', "must be one of lipponen_tarvainen,"),
        ("threshold_beats = 91", "threshold_beats = 90", "is 90 and must be odd"),
        ("is_on = true", 'is_on = "yes"', "footage.is_on is 'yes' and must be true or false"),
        ("is_on = true", "is_on = 1", "footage.is_on is 1 and must be true or false"),
        ("look_s = 1.0", "look_s = false", "footage.look_s is False and must be a number"),
        ("[limits.football]", "[limits.curling]", "limits.curling, which is no setting"),
        ("[gnss]", "gnss = 1\n[gnns]", "gnns, which is no setting"),
        ("[gnss]", "[gnss", "is no TOML"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(_file(tmp_path, old, new))
    assert words in str(error.value)
    assert "filters.toml" in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match=r"nowhere\.toml cannot be read"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_sport_without_limits_is_told() -> None:
    with pytest.raises(SettingsError, match="no speed limit for sport 'curling'"):
        load_settings().limits_of("curling")
