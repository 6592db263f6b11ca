"""The verbs on experiments: hours with offers against hours without."""

from __future__ import annotations

import getpass
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

if TYPE_CHECKING:
    from pipelines.experiments.contacts import Contacts
    from routing.slots import SlotPlan

app = typer.Typer(
    help="Plan hours with offers against hours without, and measure what the offers add.",
    no_args_is_help=True,
)

By = Annotated[str, typer.Option("--by", help="Who decides; kept with the plan. [the user]")]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", help="Another plan's file, from HOME/experiments. [the one in force]"),
]
Draws = Annotated[int, typer.Option(min=199, help="How many plans are tossed anew.")]
_SEED_BITS = 31


def day_of(text: str | date) -> date:
    """Return a day from ISO text."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError as problem:
        raise typer.BadParameter(f"'{text}' is not a day; write 2026-12-01.") from problem


@app.command("plan")
def plan(
    start: Annotated[
        date, typer.Option(parser=day_of, metavar="DAY", help="The first day, such as 2026-12-01.")
    ],
    why: Annotated[str, typer.Option("--why", help="What it is for; kept with the plan.")],
    weeks: Annotated[int, typer.Option(help="An even number of weeks.")] = 4,
    zone: Annotated[str, typer.Option(help="Whose clock and weekdays count.")] = "UTC",
    slot_minutes: Annotated[int, typer.Option(help="How long a slot is.")] = 60,
    washout_minutes: Annotated[
        int, typer.Option(min=0, help="After a switch, contacts do not count for so long.")
    ] = 5,
    hold_back: Annotated[
        float, typer.Option(help="The share of customers who are never offered anything.")
    ] = 0.0,
    look_days: Annotated[int, typer.Option(help="The result is judged every so many days.")] = 7,
    answer_days: Annotated[
        int, typer.Option(min=0, help="Purchases count for so many days after a contact.")
    ] = 7,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same seed, the same plan. [drawn]", show_default=False),
    ] = None,
    by: By = "",
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Draw a plan of on and off slots and put it in force; the server follows within a second."""
    from pipelines.experiments.plans import put_in_force
    from routing.slot_drawing import draw_plan

    screen, now = Screen(as_json), datetime.now(UTC)
    drawn = draw_plan(
        start,
        zone=zone,
        weeks=weeks,
        seed=secrets.randbits(_SEED_BITS) if seed is None else seed,
        made_at=now,
        slot_minutes=slot_minutes,
        washout_minutes=washout_minutes,
        hold_back_share=hold_back,
        look_days=look_days,
        answer_days=answer_days,
        why=why,
        by=by or getpass.getuser(),
    )
    file = put_in_force(home, drawn, now=now)
    screen.done(f"experiment {drawn.label}: {escape(str(file))}")
    screen.say(f"  {drawn.begins:%Y-%m-%d %H:%M} to {drawn.ends:%Y-%m-%d %H:%M} UTC")
    screen.say(f"  seed {drawn.seed}; while it runs the hold-back by contact rests")
    screen.result({"plan": drawn, "file": str(file)})


@app.command("status")
def status(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Say which plan is in force, what it says now, and when the next look is."""
    from pipelines.experiments.plans import the_plan
    from pipelines.experiments.standing import standing

    screen = Screen(as_json)
    found = standing(the_plan(home), now=datetime.now(UTC))
    for sentence in found.sentences:
        screen.say(escape(sentence))
    screen.result({"standing": found})


@app.command("stop")
def stop(
    why: Annotated[str, typer.Option("--why", help="Why; kept with the plan.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """End the experiment now, its hold-back too: the offers are on again for everybody."""
    from pipelines.experiments.plans import end

    screen = Screen(as_json)
    ended = end(home, why=why, now=datetime.now(UTC))
    screen.done(f"experiment {ended.label} is ended; the hold-back by contact is back")
    screen.result({"plan": ended})


@app.command("analyse")
def analyse(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    plan: PlanFile = None,
    draws: Draws = 1999,
    as_json: AsJson = False,
) -> None:
    """Measure what on adds over off; write the report that the page shows."""
    from pipelines.cli.experiment_shown import show
    from pipelines.experiments.contacts import settled_before
    from pipelines.experiments.plans import the_plan
    from pipelines.experiments.report import analyse as analysed
    from pipelines.experiments.report import write_experiment

    screen = Screen(as_json)
    found, now = the_plan(home, file=plan), as_of or datetime.now(UTC)
    settled = settled_before(now, answer_days=found.answer_days)
    contacts = _contacts(home, tables, found, settled)
    report = analysed(contacts, plan=found, as_of=now, settled=settled, draws=draws)
    path = write_experiment(home, report)
    show(report, screen=screen)
    screen.done(f"the report: {escape(str(path))}")
    screen.result(report)


@app.command("power")
def power(
    effect: Annotated[
        float, typer.Option(help="Buyers added per 100 contacts that should not be missed.")
    ],
    weeks: Annotated[int, typer.Option(help="An even number of weeks.")] = 4,
    slot_minutes: Annotated[int, typer.Option(help="How long a slot is.")] = 60,
    zone: Annotated[str, typer.Option(help="Whose clock and weekdays count.")] = "UTC",
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say how long a plan must run to find an effect, from how past weeks went without one."""
    from pipelines.experiments.power import foretold
    from pipelines.workspace import Workspace

    screen, space = Screen(as_json), Workspace(home)
    source = space.source(tables)
    found = foretold(
        home,
        tables=source,
        as_of=space.as_of(source, as_of),
        effect=effect / 100,
        weeks=weeks,
        slot_minutes=slot_minutes,
        zone=zone,
    )
    screen.say(escape(found.sentence))
    screen.table(
        "Power by day",
        ["day", "chance to find it", "found in 8 of 10, per 100"],
        [[point.day, f"{point.power:.0%}", point.smallest * 100] for point in found.points],
    )
    screen.result(found)


def _contacts(home: Path, tables: Path | None, plan: SlotPlan, settled: datetime) -> Contacts:
    """Return the plan's contacts: of the tables where named, else of the server's log."""
    from pipelines.experiments.contacts import from_log, from_tables
    from serving.settings import Settings

    begins, until, days = plan.begins, min(settled, plan.ends), plan.answer_days
    if tables is not None:
        return from_tables(home, tables=tables, begins=begins, until=until, answer_days=days)
    log = Settings(home=home).log_file
    return from_log(log, begins=begins, until=until, answer_days=days)
