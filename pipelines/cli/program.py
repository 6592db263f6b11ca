"""The `callworth` program: its verbs, its exit codes, and what it says when something fails."""

from __future__ import annotations

from typing import NoReturn

import typer

from pipelines.cli import (
    data,
    demographics,
    demonstration,
    doctor,
    experiments,
    keys,
    lifetime,
    limits,
    logged,
    offers,
    privacy,
    promoting,
    reporting,
    retraining,
    service,
    strategies,
    training,
    watching,
)
from pipelines.cli.ending import run

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
app.command("erase")(privacy.erase)
app.command("export")(privacy.export)
app.command("doctor")(doctor.doctor)
app.command("serve")(service.serve)
app.add_typer(keys.keys, name="keys")
app.command("demo")(demonstration.demo)


def main() -> NoReturn:
    """Run one verb; every expected failure ends in a sentence and an exit code."""
    run(app)
