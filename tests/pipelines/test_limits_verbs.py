"""Limits are shown, tried out and begun at the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from routing.allocation.kept import Kept
from routing.allocation.limits_file import Known, read_limits
from routing.allocation.result import LimitUse
from tests.limits_home import write_limits_home
from tests.plain_world import make_tables

DONE, USAGE, FAILED = 0, 2, 3


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a home") / "home"
    write_limits_home(folder)
    return folder


def callworth(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_limits_are_shown_with_what_one_more_is_worth(home: Path) -> None:
    done = callworth(home, "limits")
    assert done.returncode == DONE, done.stderr
    assert "One more agent minute with licence life on Monday in the first pool is worth" in (
        done.stdout
    )
    assert "Exploring 2% of contacts would cost about 120 in 7 days" in done.stdout


def test_a_what_if_tells_money_usage_mix_and_who_changes(home: Path) -> None:
    name = "minutes first life monday"
    asked = ("--margin", "term_life=+20", "--limit", f"{name}=80", "--pool", "first=1.5")
    done = callworth(home, "what-if", *asked, "--json")
    assert done.returncode == DONE, done.stderr
    found = json.loads(done.stdout)
    assert found["money"] > 0.0
    assert found["after"]["money"] == pytest.approx(found["before"]["money"] + found["money"])
    (before,) = [one for one in found["before"]["limits"] if one["name"] == name]
    (after,) = [one for one in found["after"]["limits"] if one["name"] == name]
    assert (before["amount"], after["amount"]) == (60.0, 120.0)
    assert after["used"] > before["used"]
    assert after["price"] < before["price"]
    assert found["error"] == 0.0  # the sample is everybody
    assert len(found["examples"]) == 20
    assert all(one["before"] != one["after"] for one in found["examples"])
    assert found["changed"] >= 20


def test_a_limit_can_be_taken_away(home: Path) -> None:
    done = callworth(home, "what-if", "--limit", "budget=none", "--json")
    found = json.loads(done.stdout)
    assert "budget" not in [one["name"] for one in found["after"]["limits"]]
    assert found["money"] > 0.0
    shown = callworth(home, "what-if", "--limit", "budget=none")
    assert shown.returncode == DONE, shown.stderr
    assert "It adds" in shown.stdout


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (("--limit", "budgt=3"), FAILED, "Was 'budget' meant?"),
        (("--margin", "home_cover=+3"), FAILED, "term_life, whole_life, home"),
        (("--pool", "second=2"), FAILED, "They name: first."),
        (("--margin", "home=3"), USAGE, "write it like term_life=+20"),
        (("--limit", "budget"), USAGE, "says no change"),
        ((), USAGE, "Name at least one change"),
    ],
)
def test_a_wrong_change_names_what_there_is(
    home: Path, asked: tuple[str, ...], code: int, said: str
) -> None:
    done = callworth(home, "what-if", *asked)
    assert done.returncode == code
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_without_an_allocation_the_way_to_one_is_named(tmp_path: Path) -> None:
    for verb in (["limits"], ["what-if", "--pool", "first=2"]):
        done = callworth(tmp_path, *verb)
        assert done.returncode == FAILED
        assert "callworth strategies form" in done.stderr


def test_an_example_can_be_read_and_replaces_nothing(tmp_path: Path) -> None:
    make_tables(tmp_path / "tables", customers=4)
    done = callworth(tmp_path, "limits", "--example")
    assert done.returncode == DONE, done.stderr
    path = tmp_path / "limits.toml"
    known = Known(("brand_new", "home", "term_life"), ("life",), ("first",), ("main",))
    read = read_limits(path, known=known)
    assert (read.shared, read.own) == ((), ())
    text = path.read_text()
    path.write_text(re.sub(r"^# (\[\[|\w+ = )", r"\1", text, flags=re.MULTILINE))
    assert len(read_limits(path, known=known).shared) == 4
    again = callworth(tmp_path, "limits", "--example")
    assert again.returncode == FAILED
    assert "is there already" in again.stderr


def test_the_kept_usage_and_prices_are_those_shown(tmp_path: Path) -> None:
    kept: Kept = write_limits_home(tmp_path, customers=500)
    done = callworth(tmp_path, "limits", "--json")
    shown = json.loads(done.stdout)["limits"]["limits"]
    assert [LimitUse(**one) for one in shown] == list(kept.allocation.limits)
