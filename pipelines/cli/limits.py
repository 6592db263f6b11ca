"""The verbs on limits: show what each is worth, and ask what another would do before release."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

import typer
from rich.markup import escape

from pipelines.cli.limits_shown import say_what_binds, table_of_limits, table_of_mix
from pipelines.cli.options import AsJson, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace
from routing.allocation.change import Change, LimitChange, MarginChange, PoolChange
from routing.allocation.what_if import WhatIf

T = TypeVar("T")
EXAMPLES = 20
GONE = ("none", "off")


def limits(
    example: Annotated[
        bool, typer.Option("--example", help="Write a limits file to start from, with comments.")
    ] = False,
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_json: AsJson = False,
) -> None:
    """Show the limits of the strategy set in force: what is used, and what one more is worth."""
    from serving.pages.limits_report import limits_file

    screen = Screen(as_json)
    if example:
        from pipelines.limits_example import write_example

        space = Workspace(home)
        path = write_example(home, tables=space.source(tables), quarantine=space.quarantine)
        screen.done(f"{escape(str(path))}: set what holds, then run callworth strategies form")
        screen.result({"limits_file": str(path)})
        return
    report = limits_file(home).latest()
    screen.say(f"Strategy set {report.strategy_set}: {report.customers:,} customers.")
    table_of_limits(screen, report.limits)
    table_of_mix(screen, report.mix)
    screen.table("Offered nothing", ["why", "customers"], list(map(list, report.nothing.items())))
    say_what_binds(screen, report)
    screen.result({"limits": report})


def what_if(
    margin: Annotated[
        list[str] | None,
        typer.Option(help="An offer's margin, more or less: term_life=+20.", show_default=False),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            help="Another amount of a limit, or none: 'minutes first life=6000'.",
            show_default=False,
        ),
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option(help="All minutes of a pool, so many times: first=1.2.", show_default=False),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Ask what another margin, limit or pool would do to money, minutes, mix and customers."""
    from routing.allocation.kept import read_kept
    from routing.allocation.what_if import what_if as ask
    from routing.allocation.what_if import who_changes
    from serving.pages.limits_report import survey_path

    screen = Screen(as_json)
    changes: list[Change] = [
        *_said(margin, lambda name, text: MarginChange(name, _signed(text)), like="term_life=+20"),
        *_said(limit, lambda name, text: LimitChange(name, _amount(text)), like="budget=9000"),
        *_said(pool, lambda name, text: PoolChange(name, float(text)), like="first=1.2"),
    ]
    if not changes:
        raise typer.BadParameter("Name at least one change: --margin, --limit or --pool.")
    label, kept = read_kept(survey_path(home))
    outcome = ask(kept.survey, before=kept.allocation, changes=changes)
    moved = [
        {"customer_id": who, "before": list(had), "after": list(has)}
        for (who, had, has), _ in zip(
            who_changes(lambda: [kept.survey.sample], outcome=outcome),
            range(EXAMPLES),
            strict=False,
        )
    ]
    screen.say(f"Against strategy set {label}: {escape(outcome.sentence)}")
    _show(screen, outcome)
    screen.table(
        "Such as",
        ["customer", "offered now", "offered then"],
        [
            [one["customer_id"], *(_offers(one[key]) for key in ("before", "after"))]
            for one in moved
        ],
    )
    screen.result({"strategy_set": label, **facts_of(outcome), "examples": moved})


def facts_of(outcome: WhatIf) -> dict[str, object]:
    """Return a what-if as plain facts: before, after, and the difference."""
    sides = {
        name: {
            "money": side.money,
            "limits": [
                {"name": one.name, "amount": one.amount, "used": one.used, "price": one.price}
                for one in side.limits
            ],
            "mix": side.mix,
            "nothing": dict(side.nothing),
        }
        for name, side in (("before", outcome.before), ("after", outcome.after))
    }
    return {
        "sentence": outcome.sentence,
        "money": outcome.money,
        "error": outcome.error,
        "changed": outcome.changed,
        "changed_error": outcome.changed_error,
        "customers": outcome.customers,
        "sample": outcome.sample,
        **sides,
    }


def _show(screen: Screen, outcome: WhatIf) -> None:
    before, after = outcome.before, outcome.after
    screen.table(
        "Money over the horizon",
        ["now", "then", "difference", "+-"],
        [[f"{one:,.0f}" for one in (before.money, after.money, outcome.money, outcome.error)]],
    )
    then = {one.name: one for one in after.limits}
    screen.table(
        "Limits",
        ["limit", "amount", "then", "used", "then", "price", "then"],
        [
            [
                one.name,
                *(
                    f"{one.amount:,.1f}",
                    f"{then[one.name].amount:,.1f}" if one.name in then else "-",
                ),
                *(f"{one.used:,.1f}", f"{then[one.name].used:,.1f}" if one.name in then else "-"),
                *(f"{one.price:,.2f}", f"{then[one.name].price:,.2f}" if one.name in then else "-"),
            ]
            for one in before.limits
        ],
    )
    screen.table(
        "Offers",
        ["offer", "customers", "then", "difference"],
        [
            [old.offer_id, old.customers, new.customers, new.customers - old.customers]
            for old, new in zip(before.mix, after.mix, strict=True)
        ],
    )


def _offers(offers: object) -> str:
    assert isinstance(offers, list)
    return ", ".join(offers) or "nothing"


def _said(given: Iterable[str] | None, build: Callable[[str, str], T], *, like: str) -> list[T]:
    """Return what each NAME=VALUE means; typer.BadParameter for other text."""
    found = []
    for text in given or ():
        name, sign, value = text.rpartition("=")
        try:
            if not sign:
                raise ValueError
            found.append(build(name.strip(), value.strip()))
        except ValueError:
            raise typer.BadParameter(f"'{text}' says no change; write it like {like}.") from None
    return found


def _signed(text: str) -> float:
    """Return a change of a margin: it must say whether it is more or less."""
    if not text.startswith(("+", "-")):
        raise ValueError
    return float(text)


def _amount(text: str) -> float | None:
    return None if text in GONE else float(text)
