"""From raw tables to routed calls: what a newcomer's first command leaves behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.train import champions


def callworth(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_demo_answers_twenty_contacts_with_a_route(demo) -> None:
    answers = demo.result["decisions"]
    assert len(answers) == 20
    assert all(answer["route"]["queue"] for answer in answers)
    assert {answer["source"] for answer in answers} >= {"strategy", "completed", "default"}


def test_every_step_down_says_why(demo) -> None:
    for answer in demo.result["decisions"]:
        assert (answer["source"] == "strategy") == (answer["why"] is None)


def test_every_customer_has_a_strategy(demo) -> None:
    listed = json.loads(callworth("strategies", "list", "--json", home=demo.home).stdout)
    assert [one["customers"] for one in listed["strategy_sets"]] == [6000]


def test_a_strategy_is_shown_with_its_reasons_and_versions(demo) -> None:
    said = callworth("strategies", "show", "c0000012", home=demo.home)
    assert said.returncode == 0, said.stderr
    for word in ("value group", "offers", "reasons", "model set 1", "expires"):
        assert word in said.stdout


def test_what_offers_add_is_ranked_by_the_model_set_in_force(demo) -> None:
    report = json.loads((demo.home / "reports" / "offers.json").read_text())
    assert report["provenance"]["model_set"] == "1"
    limits = json.loads((demo.home / "reports" / "limits.json").read_text())
    assert limits["limits"]


def test_every_signal_and_stage_has_a_judged_champion(demo) -> None:
    (folder,) = (demo.home / "models").glob("candidate-*")
    judged = {(row.signal, row.profile) for row in champions(folder)}
    for stage in ("prospect", "lead", "new_business", "purchaser"):
        assert ("accept", stage) in judged
    assert {signal for signal, _ in judged} >= {"accept", "lapse", "keep", "value"}


def test_the_same_strategies_formed_again_differ_in_nothing(demo, tmp_path: Path) -> None:
    home = shutil.copytree(demo.home, tmp_path / "home")
    formed = callworth("strategies", "form", "--json", home=home)
    assert formed.returncode == 0, formed.stderr
    new = json.loads(formed.stdout)["strategy_set"]
    listed = json.loads(callworth("strategies", "list", "--json", home=home).stdout)
    old = next(one["label"] for one in listed["strategy_sets"] if one["label"] != new)
    found = json.loads(callworth("strategies", "diff", old, new, "--json", home=home).stdout)
    assert found["moved"] == []
    assert callworth("strategies", "rollback", home=home).returncode == 0


@pytest.mark.slow
def test_a_second_model_set_of_the_same_data_is_promoted_and_rolled_back(
    demo, tmp_path: Path
) -> None:
    home = shutil.copytree(demo.home, tmp_path / "home")
    trained = callworth("train", "--json", home=home)
    assert trained.returncode == 0, trained.stderr
    promoted = callworth("promote", "--why", "a second set", home=home)
    assert promoted.returncode == 0, promoted.stderr
    assert "model set 2 is the champion" in promoted.stdout
    back = callworth("rollback", "--why", "the first one again", home=home)
    assert "model set 1 is the champion again" in back.stdout
