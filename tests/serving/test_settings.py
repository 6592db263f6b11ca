from __future__ import annotations

from pathlib import Path

import pytest

from serving.errors import SettingsError
from serving.settings import Settings


def test_an_argument_wins_over_its_variable_and_that_over_the_default() -> None:
    environment = {"CALLWORTH_PORT": "9000", "CALLWORTH_HOME": "/srv/callworth"}
    chosen = Settings.from_environment(environment, port=9001)
    assert (chosen.port, chosen.home, chosen.workers) == (9001, Path("/srv/callworth"), 1)


def test_settings_come_back_from_the_environment_they_make() -> None:
    chosen = Settings(home=Path("a b"), port=1, hold_back_share=0.5, workers=3, keys=Path("k"))
    assert Settings.from_environment(chosen.as_environment()) == chosen
    assert Settings.from_environment(Settings().as_environment()) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "70000"), ("PORT", "-1"), ("WORKERS", "0"), ("WORKERS", "two"),
        ("HOLD_BACK_SHARE", "5%"), ("HOLD_BACK_SHARE", "1.5"), ("HOLD_BACK_SHARE", "nan"),
        ("EXPLORE_SHARE", "0.3"), ("EXPLORE_SHARE", "nan"), ("EXPLORE_REGRET", "-1"),
        ("EXPLORE_REGRET", "much"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){name}.* is .*{value}"):
        Settings.from_environment({f"CALLWORTH_{name}": value})


def test_every_setting_is_in_the_guide(root: Path) -> None:
    guide = (root / "docs" / "http.md").read_text()
    missing = [name for name in Settings().__slots__ if f"`CALLWORTH_{name.upper()}`" not in guide]
    assert not missing
