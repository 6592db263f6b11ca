from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from pipelines.console import Screen
from pipelines.explain import DecisionNotLoggedError, Explained, explain
from routing.exploration import Exploration
from routing.in_force import InForce
from routing.offer_states import OfferState, Standing
from routing.strategy_reader import StrategyReader
from tests.formed_sets import form_set
from tests.pipelines.replay_world import BEGAN, write_contacts


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    form_set(home)
    reader = StrategyReader(home / "strategies")
    stopped = {"whole_life": Standing(OfferState.PAUSED, "out of stock", BEGAN)}
    first = InForce(strategies=reader.snapshot(), hold_back_share=0.3)
    second = InForce(
        strategies=reader.snapshot(),
        hold_back_share=0.1,
        exploration=Exploration(0.2, 10.0),
        standings=stopped,
    )
    write_contacts(home, first, contacts=120)
    write_contacts(home, InForce(), contacts=2)
    write_contacts(home, second, contacts=120)
    reader.close()
    return home


def everything(home: Path) -> list[Explained]:
    log = home / "log" / "decisions.sqlite"
    with closing(sqlite3.connect(log)) as connection:
        ids = [row[0] for row in connection.execute("SELECT decision_id FROM decisions")]
    return [explain(one, log=log, home=home) for one in ids]


def test_every_logged_answer_is_rebuilt_to_the_byte(home: Path) -> None:
    found = everything(home)
    assert len(found) >= 122
    assert [one.text for one in found if not one.same] == []


def test_an_answer_given_without_looking_is_rebuilt_without_looking(tmp_path: Path) -> None:
    form_set(tmp_path)
    reader = StrategyReader(tmp_path / "strategies")
    in_force = InForce(strategies=reader.snapshot())
    write_contacts(tmp_path, in_force, contacts=20, too_fast="The key 'pbx' may ask once a second.")
    reader.close()
    found = everything(tmp_path)
    assert len(found) == 20 and all(one.same for one in found)
    assert all("not looked up" in one.text for one in found)


def test_the_steps_say_who_by_what_from_which_set_in_which_arm(home: Path) -> None:
    texts = [one.text for one in everything(home)]
    together = "\n".join(texts)
    for said in (
        "by customer id", "Recognised: nobody", "strategy set 2026-11-21.1", "strategy set none",
        "Arm off", "Arm on", "the chance of just this: 0.7", "held back 30.0%",
        "completed with what was known only then", "the same answer to the byte",
    ):  # fmt: skip
        assert said in together, said


def test_an_answer_that_was_changed_in_the_log_is_found_by_its_field(home: Path) -> None:
    log = home / "log" / "decisions.sqlite"
    with closing(sqlite3.connect(log)) as connection:
        connection.execute(
            "INSERT INTO decisions SELECT 'forged', contact_id, partner, customer_id,"
            " identified_by, decided_at, source, why, value_group, queue, offer_id, arm,"
            " probability, strategy_set, model_set, asked_by, microseconds, request,"
            " replace(answer, '\"priority\":', '\"priority\":9'), in_force, stages"
            " FROM decisions LIMIT 1"
        )
        connection.commit()
    try:
        found = explain("forged", log=log, home=home)
        assert found.same is False
        assert found.differs == ("route",)
        assert "another answer; it differs in route" in found.text
    finally:
        with closing(sqlite3.connect(log)) as connection:
            connection.execute("DELETE FROM decisions WHERE decision_id = 'forged'")
            connection.commit()


def test_a_set_whose_file_is_gone_is_said_and_the_logged_answer_shown(tmp_path: Path) -> None:
    label = form_set(tmp_path).label
    reader = StrategyReader(tmp_path / "strategies")
    log = write_contacts(tmp_path, InForce(strategies=reader.snapshot()), contacts=1)
    reader.close()
    (tmp_path / "strategies" / f"strategies-{label}.sqlite").unlink()
    (found,) = everything(tmp_path)
    assert log.exists() and found.same is None and found.rebuilt is None
    assert f"The file of strategy set {label} is gone." in found.text
    assert "Recognised: c00000" in found.text


def test_a_decision_logged_before_records_were_kept_is_shown_as_logged(tmp_path: Path) -> None:
    write_contacts(tmp_path, InForce(), contacts=1)
    with closing(sqlite3.connect(tmp_path / "log" / "decisions.sqlite")) as connection:
        connection.execute("DROP TABLE in_force")
    (found,) = everything(tmp_path)
    assert found.same is None
    assert "no record of what was in force" in found.text


def test_an_unknown_id_names_the_fix(home: Path) -> None:
    with pytest.raises(DecisionNotLoggedError, match="no decision 'd-9'"):
        explain("d-9", log=home / "log" / "decisions.sqlite", home=home)


def test_an_answer_in_json_is_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    held = {"answer": msgspec.Raw(b'{"a": [1]}'), "erased": msgspec.Raw(b"erased"), "none": None}
    Screen(as_json=True).result(held)
    said = json.loads(capsys.readouterr().out)
    assert said == {"answer": {"a": [1]}, "erased": "erased", "none": None}
