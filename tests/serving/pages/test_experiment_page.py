"""The page of the experiment says what is known and what to do, at every stage of a plan."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI

from models.uplift.effects import Verdict
from pipelines.experiments.plans import end, put_in_force
from routing.slot_file import PLAN_FILE
from routing.slots import SlotPlan
from serving.clock import Clock
from serving.identity import KeyRing
from serving.pages.experiment_plan import weeks_of
from serving.pages.experiment_report import ExperimentReport, experiment_path
from serving.pages.routes import build_pages
from tests.experiment_reports import a_plan, a_report

BEGINS = datetime(2031, 1, 6, tzinfo=UTC)
DURING, AFTER = BEGINS + timedelta(days=24), BEGINS + timedelta(days=60)


@pytest.fixture
def asked(empty_home: Path, visiting: type[Any]) -> Callable[[datetime], Any]:
    """Return a visitor of the pages at an instant."""

    def at(now: datetime) -> Any:
        clock: Clock = lambda: now  # noqa: E731
        app, keys = FastAPI(), KeyRing(empty_home / "keys.toml", loopback=True)
        app.include_router(build_pages(empty_home, keys=keys, clock=clock))
        return visiting(app)

    return at


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))


def put(home: Path, report: ExperimentReport) -> None:
    experiment_path(home).parent.mkdir(parents=True, exist_ok=True)
    experiment_path(home).write_bytes(msgspec.json.encode(report))


def planned(home: Path, plan: SlotPlan) -> None:
    put_in_force(home, plan, now=plan.made_at)


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_without_a_plan_the_command_that_makes_one_is_named(pages: Any) -> None:
    page = pages.get("/experiment")
    assert page.status_code == 200
    assert "<code>callworth experiment plan --start" in page.text
    assert pages.get("/experiment/slots.csv").status_code == 404


def test_a_plan_without_a_report_is_shown_with_its_hours(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    plan = a_plan()
    planned(empty_home, plan)
    waiting = asked(BEGINS - timedelta(days=1)).get("/experiment")
    assert waiting.status_code == 200
    assert "It begins on 6 January 2031." in words(waiting)
    assert "Week 4" in waiting.text
    running = words(asked(DURING).get("/experiment"))
    assert "Not yet known: too few days are old enough to judge." in running
    assert "Let it run. A contact counts once it is 7 days old." in running
    assert "Run callworth experiment analyse" in words(asked(AFTER).get("/experiment"))
    slots = rows_of(asked(DURING).get("/experiment/plan.csv"))
    assert "".join("1" if row["arm"] == "on" else "0" for row in slots) == "".join(plan.pattern)
    assert asked(DURING).get("/experiment/slots.csv").status_code == 404


def test_a_known_effect_is_said_first_and_asks_to_stop(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    put(empty_home, a_report(effect=0.06))
    page = words(asked(DURING).get("/experiment"))
    assert re.search(r"Offering adds [\d,]+ per 1,000 contacts, between \+[\d,]+ and", page)
    assert "Stop: it is known." in page
    assert "Keep offering." in words(asked(AFTER).get("/experiment"))


def test_an_effect_not_yet_known_says_how_many_days_are_missing(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    report = a_report(effect=0.0)
    money = msgspec.structs.replace(report.measures[0], days_left=11, days_needed=25)
    put(empty_home, msgspec.structs.replace(report, measures=(money, *report.measures[1:])))
    page = words(asked(DURING).get("/experiment"))
    assert "Not yet known: 11 more days to know, if the effect stays as it looks." in page
    assert "Let it run, and decide nothing between the looks." in page
    assert "The next look is due on" in page
    over = words(asked(AFTER).get("/experiment"))
    assert "Not known: it ended before the answer was clear." in over
    assert "plan one of 25 days or more" in over


def test_a_loss_leads_to_the_offers_that_lose(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    put(empty_home, a_report(effect=-0.06))
    page = words(asked(DURING).get("/experiment"))
    assert "Offering loses" in page
    assert "which ones lose money" in page


def test_an_experiment_ended_since_the_report_says_when_and_why(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    plan = a_plan()
    planned(empty_home, plan)
    put(empty_home, a_report(effect=0.0))
    end(empty_home, why="Enough <b>seen</b>.", now=DURING)
    page = asked(DURING + timedelta(hours=1)).get("/experiment")
    assert "Enough &lt;b&gt;seen&lt;/b&gt;." in page.text
    assert "30 January 2031, 00:00 UTC" in words(page)
    assert "Day by day" in page.text


def test_a_new_plan_does_not_stand_under_the_figures_of_the_one_before(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    put(empty_home, a_report(effect=0.06))
    planned(empty_home, a_plan(date(2031, 3, 3)))
    page = asked(AFTER).get("/experiment")
    assert "The experiment before" in page.text
    assert "Day by day" not in page.text
    assert "not yet known" in words(page)


def test_a_damaged_plan_is_told_and_the_report_stands(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    (empty_home).mkdir(parents=True)
    (empty_home / PLAN_FILE).write_text("{")
    alone = asked(DURING).get("/experiment")
    assert alone.status_code == 503
    assert "Traceback" not in alone.text
    put(empty_home, a_report(effect=0.06))
    page = asked(DURING).get("/experiment")
    assert page.status_code == 200
    assert "Restore it from HOME/experiments" in words(page)


def test_a_damaged_report_says_what_to_run(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    experiment_path(empty_home).parent.mkdir(parents=True)
    experiment_path(empty_home).write_text("{")
    page = asked(DURING).get("/experiment")
    assert page.status_code == 503
    assert "callworth experiment analyse" in page.text


def test_the_files_hold_the_figures_of_the_report(
    asked: Callable[[datetime], Any], empty_home: Path
) -> None:
    report = a_report(effect=0.06)
    put(empty_home, report)
    visitor = asked(DURING)
    slots = rows_of(visitor.get("/experiment/slots.csv"))
    assert sum(int(row["contacts"]) for row in slots) == report.counts.on + report.counts.off
    assert {row["arm"] for row in slots} == {"on", "off"}
    looks = rows_of(visitor.get("/experiment/looks.csv"))
    assert len(looks) == sum(len(row.looks) for row in report.measures)
    measures = rows_of(visitor.get("/experiment/measures.csv"))
    assert [row["judged_by"] for row in measures] == ["the plan", "t-test, not to be trusted"] * 2
    assert report.measures[0].effect
    assert float(measures[0]["effect"]) == report.measures[0].effect.estimate
    power = rows_of(visitor.get("/experiment/power.csv"))
    assert len(power) == sum(len(row.power) for row in report.measures)
    assert len(rows_of(visitor.get("/experiment/counts.csv"))) == 4


def test_the_words_of_a_day_are_its_slots() -> None:
    report = a_report(effect=0.06)
    day = weeks_of(report.plan)[0].days[0]
    assert day.weekday == "Monday"
    for number, on in enumerate(day.on):
        within = any(
            int(span[:2]) <= number < int(span.partition(" to ")[2][:2])
            for span in day.hours.split(", ")
        )
        assert within is on


def test_a_chart_is_drawn_for_every_outcome() -> None:
    for row in a_report(effect=0.06).measures:
        for chart in (row.slots_chart, row.looks_chart, row.power_chart):
            assert chart
            assert "<svg" in chart.wide
            assert chart.description
            assert "style=" not in chart.wide
    assert a_report(effect=0.06).verdict is Verdict.ADDS
