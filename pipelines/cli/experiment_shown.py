"""The report of an experiment on the screen."""

from __future__ import annotations

from rich.markup import escape

from pipelines.console import Screen
from serving.pages.experiment_report import ExperimentReport, MeasureRow
from serving.pages.experiment_wording import amount
from serving.pages.offers_report import Interval


def show(report: ExperimentReport, *, screen: Screen) -> None:
    """Print what the experiment says, the looks, and what a t-test would have said."""
    counts, plan = report.counts, report.plan
    screen.say(f"[bold]{escape(report.sentence)}[/bold]")
    screen.say(
        f"  plan {plan.label}: {plan.judged_days} of {plan.days} days can be judged; "
        f"{counts.on:,} contacts on, {counts.off:,} off, {counts.washed_out:,} washed out, "
        f"{counts.held_back:,} of customers held back; from {escape(report.source)}"
    )
    for row in report.measures[1:]:
        screen.say(f"  {escape(row.sentence)}")
    if report.measures:
        _tables(report.measures, screen=screen)
    screen.say(f"  {escape(report.hold_back.sentence)}")
    for warning in report.warnings:
        screen.say(f"  [yellow]{escape(warning)}[/yellow]")


def _tables(measures: tuple[MeasureRow, ...], *, screen: Screen) -> None:
    screen.table(
        "On against off; the t-test over contacts is not to be trusted",
        ["measure", "on", "off", "effect", "from", "to", "p", "t-test", "from", "to", "its p"],
        [
            [
                row.title,
                *(_unsigned(value, row.name) for value in (row.on, row.off)),
                *_ends(row.effect, row.name),
                row.p,
                *_ends(row.naive.effect, row.name),
                row.naive.p,
            ]
            for row in measures
        ],
    )
    money = measures[0]
    screen.table(
        f"Looks at {money.title.lower()}: intervals that hold over all looks",
        ["after day", "known", "p", "must be below", "effect", "from", "to", "stops"],
        [
            [
                look.day,
                f"{look.at:%Y-%m-%d %H:%M}",
                look.p,
                look.level,
                *_ends(look.effect, money.name),
                look.stops,
            ]
            for look in money.looks
        ],
    )


def _ends(found: Interval | None, name: str) -> list[str | None]:
    if found is None:
        return [None, None, None]
    return [amount(value, name) for value in (found.estimate, found.low, found.high)]


def _unsigned(value: float, name: str) -> str:
    return amount(value, name).lstrip("+")
