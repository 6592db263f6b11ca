"""The verbs on one customer's data: erase it, export it."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, Home
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

Customer = Annotated[str, typer.Argument(help="The customer_id.")]
Partner = Annotated[
    str | None, typer.Option(help="Whose customer it is; refused where it is another's.")
]


def erase(
    customer: Customer, partner: Partner = None, home: Home = DEFAULT_HOME, as_json: AsJson = False
) -> None:
    """Erase a customer from tables, features, strategies, logs, reports and MLflow's files.

    The decision log keeps its counts. An erasure that was killed is completed by the same command.
    """
    from pipelines.erasing.erase import erase as erase_customer
    from pipelines.erasing.errors import TraceRemainsError
    from serving.settings import Settings

    screen = Screen(as_json)
    done = erase_customer(
        customer,
        home=home,
        by=getpass.getuser(),
        now=datetime.now(UTC),
        partner=partner,
        log=Settings.from_environment(home=home).log,
    )
    for store, count in done.taken.items():
        screen.say(f"  {store:<12} {count:,} taken out")
    if done.shared:
        screen.say(f"  others may bear the same {', '.join(done.shared)}: their rows keep it")
    for place in done.outside:
        screen.say(f"  [yellow]not reached:[/yellow] {escape(place)}")
    screen.result(
        {"taken": done.taken, "left": [str(one) for one in done.left], "not_reached": done.outside}
    )
    if done.left:
        raise TraceRemainsError(
            f"Something is left in {', '.join(map(str, done.left))}.",
            fix="These files are written by people or chained by digests: mend them by hand.",
        )
    screen.done(f"customer {escape(customer)} is erased: nothing is found in {escape(str(home))}")


def export(
    customer: Customer,
    to: Annotated[Path, typer.Option(help="A folder to make, or a file that ends in .zip.")] = Path(
        "export.zip"
    ),
    partner: Partner = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Write all that is held of a customer to a folder or a ZIP file, as JSON."""
    from pipelines.exporting.export import export as export_customer

    screen = Screen(as_json)
    done = export_customer(customer, home=home, target=to, now=datetime.now(UTC), partner=partner)
    screen.table("Held", ["store", "rows"], list(done.rows.items()))
    screen.done(f"written to {escape(str(done.target))}, readable by you alone")
    screen.result({"to": str(done.target), "rows": done.rows})
