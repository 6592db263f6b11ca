from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import DataNotFoundError
from pipelines.cli.program import app
from pipelines.replay import replay
from pipelines.replay_log import LogReading, LogUnreadableError, Period
from pipelines.replay_tally import EXAMPLES
from pipelines.replay_text import text_of
from routing.errors import StrategySetNotFoundError
from routing.exploration import Exploration
from routing.in_force import InForce
from routing.strategy_reader import StrategyReader
from tests.formed_sets import form_set
from tests.pipelines.replay_world import BEGAN, form_to_explore, write_contacts

CONTACTS = 1_300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose contacts were decided with the first of two sets."""
    home = tmp_path_factory.mktemp("home")
    form_set(home)
    reader = StrategyReader(home / "strategies")
    write_contacts(
        home, InForce(strategies=reader.snapshot(), hold_back_share=0.2), contacts=CONTACTS
    )
    reader.close()
    form_set(home, second=True)
    return home


@pytest.fixture(scope="module")
def log(home: Path) -> Path:
    return home / "log" / "decisions.sqlite"


def test_the_same_set_makes_no_difference(home: Path, log: Path) -> None:
    found = replay(log, strategy_set="2026-11-21.1", home=home)
    assert found.logged == found.difference.contacts == CONTACTS
    assert found.difference.changed.contacts == 0
    assert found.difference.worth.total == 0.0
    assert "No difference" in text_of(found)


def test_another_set_is_told_by_group_offer_and_worth(home: Path, log: Path) -> None:
    difference = replay(log, strategy_set="2026-11-22.1", home=home).difference
    # The second set moves every tenth customer to another group and stops the offer of one case
    # in seven, which is worth 40 less; a fifth of the contacts is held back in both.
    assert 0.05 < difference.value_group.share < 0.12
    assert 0.03 < difference.offer.share < 0.15
    assert difference.worth.total < 0.0
    assert difference.worth.total == pytest.approx(
        sum(one.worth for one in difference.largest if one.what == "offer")
    )
    assert difference.worth.low < difference.worth.mean < difference.worth.high
    assert (
        difference.changed.contacts <= difference.value_group.contacts + difference.offer.contacts
    )
    stopped = [one for one in difference.largest if one.what == "offer"]
    assert all(-40.0 <= one.worth / one.contacts <= -12.5 for one in stopped)


def test_twenty_examples_are_shown_those_worth_most_first(home: Path, log: Path) -> None:
    found = replay(log, strategy_set="2026-11-22.1", home=home)
    examples = found.difference.examples
    assert len(examples) == EXAMPLES
    worth = [abs(one.after.added_value - one.before.added_value) for one in examples]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == 40.0
    assert text_of(found).count(" to second, ") + text_of(found).count(" to first, ") >= EXAMPLES


def test_a_contact_that_was_held_back_stays_held_back(home: Path, log: Path) -> None:
    reading = LogReading(log)
    held = {one.decision_id for one in reading.decisions(Period()) if one.arm == "off"}
    assert len(held) > 20
    examples = replay(log, strategy_set="2026-11-22.1", home=home).difference.examples
    assert all(e.after.offer_id is None for e in examples if e.decision_id in held)


def test_what_was_drawn_at_random_is_left_out_and_said(tmp_path: Path) -> None:
    label = form_to_explore(tmp_path, customers=200)
    reader = StrategyReader(tmp_path / "strategies")
    exploring = InForce(strategies=reader.snapshot(), exploration=Exploration(0.2, 100.0))
    log = write_contacts(tmp_path, exploring, contacts=200)
    reader.close()
    drawn = sum(one.arm == "explore" for one in LogReading(log).decisions(Period()))
    found = replay(log, strategy_set=label, home=tmp_path)
    assert drawn > 0
    assert [(one.decisions, "drawn" in one.why) for one in found.left_out] == [(drawn, True)]
    assert found.difference.changed.contacts == 0


def test_whom_nobody_looked_up_is_left_out_and_said(tmp_path: Path) -> None:
    label = form_to_explore(tmp_path, customers=200)
    reader = StrategyReader(tmp_path / "strategies")
    log = write_contacts(
        tmp_path, InForce(strategies=reader.snapshot()), contacts=30, too_fast="Too many at once."
    )
    reader.close()
    found = replay(log, strategy_set=label, home=tmp_path)
    assert [(one.decisions, "looking anybody up" in one.why) for one in found.left_out] == [
        (30, True)
    ]
    assert found.difference.changed.contacts == 0


def test_a_period_and_a_sample_are_parts_of_the_log(home: Path, log: Path) -> None:
    hour = Period(BEGAN + timedelta(hours=1), BEGAN + timedelta(hours=2))
    assert replay(log, strategy_set="2026-11-22.1", home=home, period=hour).logged == 60
    first = replay(log, strategy_set="2026-11-22.1", home=home, sample=0.25)
    assert 0.15 * CONTACTS < first.logged < 0.35 * CONTACTS
    assert first == replay(log, strategy_set="2026-11-22.1", home=home, sample=0.25)


def test_pages_give_every_decision_once_in_order(log: Path) -> None:
    found = [(one.decided_at, one.decision_id) for one in LogReading(log).decisions(Period())]
    assert len(found) == CONTACTS
    assert found == sorted(set(found))


def test_the_verb_takes_a_home_or_a_file_and_prints_json(home: Path, log: Path) -> None:
    path = home / "strategies" / "strategies-2026-11-22.1.sqlite"
    for given in (
        ["replay", str(home), "--set", str(path)],
        ["replay", str(log), "--set", str(path)],
    ):
        ended = CliRunner().invoke(app, [*given, "--home", str(home), "--json"])
        assert ended.exit_code == 0, ended.output
        facts = json.loads(ended.stdout)
        assert facts["strategy_set"] == "2026-11-22.1"
        assert len(facts["difference"]["examples"]) == EXAMPLES


def test_what_is_missing_is_named_with_its_fix(home: Path, log: Path, tmp_path: Path) -> None:
    with pytest.raises(StrategySetNotFoundError, match=r"kept: 2026-11-21\.1, 2026-11-22\.1"):
        replay(log, strategy_set="2030-01-01.1", home=home)
    with pytest.raises(DataNotFoundError, match="no decision log"):
        replay(tmp_path / "gone.sqlite", strategy_set="2026-11-22.1", home=home)
    (tmp_path / "other.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(LogUnreadableError):
        replay(tmp_path / "other.sqlite", strategy_set="2026-11-22.1", home=home)
