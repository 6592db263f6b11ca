"""The `callworth` program: its verbs, its exit codes, and what it says when something fails."""

from __future__ import annotations

import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import (
    data,
    demographics,
    demonstration,
    experiments,
    keys,
    lifetime,
    limits,
    logged,
    offers,
    promoting,
    reporting,
    retraining,
    service,
    strategies,
    training,
    watching,
)

EPILOG = (
    "The main job, in order: generate (or bring your own tables), check, features, train, promote, "
    "strategies form, report, serve. `callworth demo` runs it all on a generated insurer.\n\n"
    "Exit codes: 0 done; 1 refused (bad data above its share, or the gate); 2 wrong use; "
    "3 an expected failure, named with its fix; 5 a retraining is advised (watch); "
    "130 interrupted, nothing half-written."
)

app = typer.Typer(
    name="callworth",
    help="What a caller is worth and what to offer, decided before the phone rings.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("generate")(data.generate)
app.command("check")(data.check)
app.command("features")(data.features)
app.command("train")(training.train)
app.command("watch")(watching.watch)
app.command("retrain")(retraining.retrain)
app.command("page")(reporting.page)
app.command("compare")(reporting.compare)
app.command("promote")(promoting.promote)
app.command("rollback")(promoting.rollback)
app.command("models")(promoting.history)
app.command("demographics")(demographics.demographics)
app.command("lifetime")(lifetime.lifetime)
app.add_typer(strategies.app, name="strategies")
app.add_typer(offers.app, name="offers")
app.command("limits")(limits.limits)
app.command("what-if")(limits.what_if)
app.command("report")(strategies.report)
app.add_typer(experiments.app, name="experiment")
app.command("explain")(logged.explain)
app.command("replay")(logged.replay)
app.command("serve")(service.serve)
app.add_typer(keys.keys, name="keys")
app.command("demo")(demonstration.demo)

REFUSED, FAILED, INTERRUPTED = 1, 3, 130
AGAIN_SECONDS = 0.05
CONFLICT = 409  # the status of a refusal by the gate


class _Interrupts:
    """Whether Ctrl-C or a polite kill came; a library may answer it with an error of its own."""

    came = False

    @classmethod
    def note(cls, _signal: int, _frame: FrameType | None) -> NoReturn:
        cls.came = True
        raise KeyboardInterrupt

    @classmethod
    def raise_again(cls, lost: sys.UnraisableHookArgs) -> None:
        """Ask once more a little later, where a library's callback swallowed the interrupt."""
        if isinstance(lost.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            sys.__unraisablehook__(lost)


def main() -> NoReturn:
    """Run one verb; every expected failure ends in a sentence and an exit code."""
    warnings.simplefilter("ignore")  # what a library deprecates is our concern, not the user's
    signal.signal(signal.SIGINT, _Interrupts.note)
    signal.signal(signal.SIGTERM, _Interrupts.note)
    signal.signal(signal.SIGALRM, _Interrupts.note)
    sys.unraisablehook = _Interrupts.raise_again
    try:
        app(prog_name="callworth")
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        problem = Console(stderr=True, highlight=False, soft_wrap=True)
        ended_well = isinstance(error, SystemExit) and not error.code
        if _Interrupts.came and not ended_well:
            problem.print("[yellow]Interrupted.[/yellow] Nothing half-written stays: run it again.")
            sys.exit(INTERRUPTED)
        fix = getattr(error, "fix", None)
        if fix is None:
            raise
        problem.print(f"[red]error:[/red] {escape(str(getattr(error, 'fact', error)))}")
        problem.print(f"[bold]fix:[/bold] {escape(str(fix))}")
        sys.exit(REFUSED if getattr(error, "status", 0) == CONFLICT else FAILED)
    sys.exit(0)
