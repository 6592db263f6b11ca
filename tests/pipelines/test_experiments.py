from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.experiments.totals import ExperimentError
from models.uplift.effects import Verdict
from pipelines.experiments.contacts import Contacts, from_log, from_tables, settled_before
from pipelines.experiments.plans import (
    PlanMissingError,
    PlanOverlapsError,
    end,
    put_in_force,
    the_plan,
)
from pipelines.experiments.report import analyse, judged_days
from pipelines.experiments.slots import placed, totals
from pipelines.experiments.standing import standing
from routing.slot_drawing import draw_plan
from routing.slot_state import State
from routing.slots import SlotPlan
from serving.pages.experiment_report import ExperimentReport, experiment_file
from serving.settings import Settings
from tests.pipelines.experiment_world import MARGIN, happenings, write_log, write_tables

BEFORE = datetime(2031, 1, 1, tzinfo=UTC)
START = date(2031, 1, 6)  # a Monday
FAILED, USAGE = 3, 2


def a_plan(**changes: Any) -> SlotPlan:
    known = {"zone": "UTC", "weeks": 4, "seed": 3, "made_at": BEFORE, **changes}
    return draw_plan(START, **known)


def callworth(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "experiment", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def logged(tmp_path: Path, plan: SlotPlan, *, effect: float) -> Contacts:
    file = Settings(home=tmp_path).log_file
    write_log(file, happenings(plan, effect=effect))
    days = plan.answer_days
    return from_log(file, begins=plan.begins, until=plan.ends, answer_days=days)


def report_of(contacts: Contacts, plan: SlotPlan, *, day: int = 60) -> ExperimentReport:
    as_of = plan.begins + timedelta(days=day)
    settled = settled_before(as_of, answer_days=plan.answer_days)
    return analyse(contacts, plan=plan, as_of=as_of, settled=settled, draws=499)


def test_an_effect_is_found_with_its_money_and_known_at_a_look(tmp_path: Path) -> None:
    plan = a_plan(hold_back_share=0.1)
    report = report_of(logged(tmp_path, plan, effect=0.06), plan)
    money, purchases = report.measures
    assert (report.verdict, report.decided) == (Verdict.ADDS, True)
    assert purchases.effect and money.effect and money.lasting
    assert purchases.effect.low < 0.06 < purchases.effect.high
    assert money.effect.estimate == pytest.approx(purchases.effect.estimate * MARGIN * 1000)
    assert [look.day for look in money.looks] == [7, 14, 21, 28]
    assert all(look.due for look in money.looks)
    assert "known since the look after day" in report.sentence
    assert report.hold_back.purchases
    assert report.hold_back.purchases.low < 0.06 < report.hold_back.purchases.high
    counts = report.counts
    assert counts.on + counts.off + counts.washed_out + counts.held_back == counts.contacts == 7000
    assert (counts.agreeing_share, report.warnings) == (1.0, ())
    assert msgspec.json.decode(msgspec.json.encode(report), type=ExperimentReport) == report


def test_no_effect_is_not_called_one_and_the_days_to_know_are_said(tmp_path: Path) -> None:
    plan = a_plan()
    report = report_of(logged(tmp_path, plan, effect=0.0), plan, day=22)
    money = report.measures[0]
    assert (report.verdict, report.decided) == (Verdict.UNKNOWN, False)
    assert report.plan.judged_days == 15
    assert [look.due for look in money.looks] == [True, True, False, False]
    assert "Not yet known" in report.sentence
    assert money.days_needed is None or money.days_left == money.days_needed - 15
    chances = [point.power for point in money.power]
    assert chances == sorted(chances)


def test_the_log_and_the_tables_tell_the_same_but_for_the_cost(tmp_path: Path) -> None:
    plan = a_plan(weeks=2, hold_back_share=0.1)
    from_the_log = logged(tmp_path, plan, effect=0.05)
    write_tables(tmp_path / "tables", happenings(plan, effect=0.05))
    days = plan.answer_days
    tables = from_tables(
        tmp_path, tables=tmp_path / "tables", begins=plan.begins, until=plan.ends, answer_days=days
    )
    for name in ("minute", "logged_on", "bought"):
        assert (getattr(tables, name) == getattr(from_the_log, name)).all(), name
    assert np.allclose(tables.money, from_the_log.money - 2.0 * tables.logged_on)


def test_what_is_bought_too_late_does_not_count(tmp_path: Path) -> None:
    plan = a_plan(weeks=2)
    file = Settings(home=tmp_path).log_file
    write_log(file, happenings(plan, effect=0.0))
    known = {"begins": plan.begins, "until": plan.ends}
    assert from_log(file, answer_days=1, **known).bought.sum() > 0
    assert from_log(file, answer_days=0, **known).bought.sum() == 0


def test_slots_add_up_and_a_redrawn_plan_is_one_that_its_coins_could_give(tmp_path: Path) -> None:
    plan = a_plan(weeks=2, washout_minutes=0)
    contacts = logged(tmp_path, plan, effect=0.0)
    added = totals(placed(contacts, plan=plan, days=14))
    assert added.contacts.sum() == len(contacts)
    assert added.bought.sum() == contacts.bought.sum()
    for seed in range(5):
        other = totals(
            placed(contacts, plan=a_plan(weeks=2, washout_minutes=0, seed=seed), days=14)
        )
        heads = other.on == (other.side > 0)
        assert (added.coin == other.coin).all()
        assert all(len(set(heads[other.coin == coin])) == 1 for coin in np.unique(other.coin))


def test_contacts_of_another_plan_are_refused(tmp_path: Path) -> None:
    plan = a_plan()
    contacts = logged(tmp_path, plan, effect=0.0)
    with pytest.raises(ExperimentError, match="not decided by this plan"):
        report_of(contacts, a_plan(seed=4))


def test_a_few_contacts_in_the_wrong_arm_are_told(tmp_path: Path) -> None:
    plan = a_plan()
    contacts = logged(tmp_path, plan, effect=0.0)
    turned = np.arange(len(contacts)) % 20 == 0
    report = report_of(replace(contacts, logged_on=contacts.logged_on ^ turned), plan)
    assert "another arm" in report.warnings[0]


def test_contacts_that_only_reach_one_arm_are_told(tmp_path: Path) -> None:
    plan = a_plan()
    contacts = logged(tmp_path, plan, effect=0.0)
    kept = contacts.logged_on | (np.arange(len(contacts)) % 5 > 0)
    parts = {name: getattr(contacts, name)[kept] for name in ("customer", "minute", "logged_on")}
    fewer = replace(contacts, bought=contacts.bought[kept], money=contacts.money[kept], **parts)
    assert any("do not trust" in warning for warning in report_of(fewer, plan).warnings)


def test_it_is_too_early_before_the_first_days_are_old_enough(tmp_path: Path) -> None:
    plan = a_plan()
    report = report_of(logged(tmp_path, plan, effect=0.1), plan, day=7)
    assert (report.measures, report.decided, report.plan.judged_days) == ((), False, 0)
    assert "too early" in report.sentence


def test_only_whole_days_before_the_end_are_judged() -> None:
    plan = a_plan()
    ended = msgspec.structs.replace(plan, ended_at=plan.begins + timedelta(days=9, hours=5))
    assert judged_days(plan, settled=plan.begins + timedelta(days=9, hours=5)) == 9
    assert judged_days(ended, settled=plan.ends) == 9
    assert judged_days(plan, settled=plan.ends + timedelta(days=100)) == 28


def test_a_plan_in_force_is_not_overlapped_and_a_stopped_one_may_be_followed(
    tmp_path: Path,
) -> None:
    plan, later = a_plan(), a_plan(seed=9)
    put_in_force(tmp_path, plan, now=BEFORE)
    with pytest.raises(PlanOverlapsError, match="experiment stop"):
        put_in_force(tmp_path, later, now=BEFORE)
    ended = end(tmp_path, why="a mistake", now=BEFORE)
    assert (ended.ended_at, ended.ended_why) == (BEFORE, "a mistake")
    with pytest.raises(PlanMissingError, match="already"):
        end(tmp_path, why="again", now=BEFORE)
    put_in_force(tmp_path, later, now=BEFORE)
    assert the_plan(tmp_path) == later


def test_a_plan_that_would_have_begun_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanOverlapsError, match="--start"):
        put_in_force(tmp_path, a_plan(), now=BEFORE + timedelta(days=10))


def test_the_standing_says_what_is_on_and_when_it_switches() -> None:
    plan = a_plan(hold_back_share=0.05)
    assert standing(plan, now=BEFORE).state is State.WAITING
    running = standing(plan, now=plan.begins + timedelta(hours=30, minutes=20))
    assert running.state is State.RUNNING
    assert running.next_switch
    assert running.next_switch.minute == 0
    word = "on" if running.on else "off"
    assert any(f"offers are {word} now until" in sentence for sentence in running.sentences)
    assert running.next_look == plan.begins + timedelta(days=14)
    assert standing(plan, now=plan.ends).state is State.OVER
    ended = msgspec.structs.replace(plan, ended_at=BEFORE, ended_why="enough")
    assert any("enough" in sentence for sentence in standing(ended, now=plan.ends).sentences)


def test_the_verbs_plan_tell_analyse_and_stop(tmp_path: Path) -> None:
    planned = callworth(
        "plan", "--start", "2031-01-06", "--weeks", "2", "--seed", "3", "--why", "worth", "--json",
        home=tmp_path,
    )  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    plan = the_plan(tmp_path)
    assert json.loads(planned.stdout)["plan"]["pattern"] == list(plan.pattern)
    assert "begins at 2031-01-06 00:00 UTC" in callworth("status", home=tmp_path).stdout
    write_log(Settings(home=tmp_path).log_file, happenings(plan, effect=0.08))
    said = callworth("analyse", "--as-of", "2031-02-10", "--draws", "499", home=tmp_path)
    assert said.returncode == 0, said.stderr
    for words in ("On adds", "Looks at money", "t-test", "holds nobody back"):
        assert words in said.stdout
    assert experiment_file(tmp_path).latest().decided
    assert callworth("stop", "--why", "known", home=tmp_path).returncode == 0
    assert "known" in callworth("status", home=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status",), FAILED, "callworth experiment plan"),
        (("analyse",), FAILED, "callworth experiment plan"),
        (("plan", "--start", "2031-01-06", "--weeks", "3", "--why", "x"), FAILED, "even number"),
        (("plan", "--start", "2031-01-06", "--zone", "Mars", "--why", "x"), FAILED, "Berlin"),
        (("plan", "--start", "2001-01-01", "--why", "x"), FAILED, "--start"),
        (("plan", "--start", "soon", "--why", "x"), USAGE, "2026-12-01"),
        (("plan", "--start", "2031-01-06"), USAGE, "--why"),
        (("power", "--effect", "1"), FAILED, "callworth generate"),
    ],
)
def test_an_error_names_the_fix(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path
) -> None:
    said = callworth(*arguments, home=tmp_path)
    assert said.returncode == code
    assert words in said.stderr
    assert "Traceback" not in said.stderr


def test_without_a_log_analyse_says_where_contacts_come_from(tmp_path: Path) -> None:
    put_in_force(tmp_path, a_plan(), now=BEFORE)
    said = callworth("analyse", "--as-of", "2031-02-10", home=tmp_path)
    assert said.returncode == FAILED
    assert "--tables" in said.stderr


def test_power_foretells_from_the_past_weeks(tmp_path: Path) -> None:
    write_tables(tmp_path / "tables", happenings(a_plan(), effect=0.0))
    said = callworth(
        "power", "--effect", "3", "--as-of", "2031-02-17", "--json", "--tables",
        str(tmp_path / "tables"), home=tmp_path,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found["rate"] == pytest.approx(0.1, abs=0.02)
    assert 10 <= found["days"] <= 40
    chances = [point["power"] for point in found["points"]]
    assert chances == sorted(chances)
