"""The verb `lifetime`: what customers with a purchase history will still buy."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import AsJson, AsOf, Home, Tables, warn_if_unchecked
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.lifetime import HeldOut

# Beyond it, spend and frequency are not independent and the model should not be trusted.
_DOUBTFUL = 0.3


def lifetime(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    weeks: Annotated[float, typer.Option(min=1, help="The horizon.")] = 52.0,
    margin: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="What is left of an amount, as a share.")
    ] = 1.0,
    discount: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="What money loses a year, as a share.")
    ] = 0.0,
    purchases: Annotated[
        Path | None,
        typer.Option(help="A CSV or Parquet file of purchases instead.", show_default=False),
    ] = None,
    customer: Annotated[str, typer.Option(help="Its column of the customer.")] = "customer_id",
    time: Annotated[str, typer.Option(help="Its column of the time.")] = "occurred_at",
    amount: Annotated[str, typer.Option(help="Its column of the amount.")] = "amount",
    as_json: AsJson = False,
) -> None:
    """Foretell each customer's purchases and money over a horizon, from what they bought so far."""
    from pipelines.lifetime import purchases_of_file, write_lifetimes

    screen, space = Screen(as_json), Workspace(home)
    if purchases is not None:
        bought = purchases_of_file(purchases, customer=customer, at=time, amount=amount)
        instant = as_of or _day_after(bought)
    else:
        bought, instant = _of_tables(space, tables, as_of, screen=screen)
    made = write_lifetimes(
        bought,
        target=home / "lifetime" / "customers.parquet",
        as_of=instant,
        weeks=weeks,
        margin_share=margin,
        yearly_discount=discount,
    )
    _show(made.held_out, correlation=made.model.spend.r, screen=screen)
    screen.done(f"{made.customers:,} customers over {weeks:g} weeks: {made.table}")
    screen.result(
        {
            "table": str(made.table),
            "customers": made.customers,
            "purchases": made.model.purchases,
            "spend": made.model.spend,
            "held_out": made.held_out,
        }
    )


def _show(tried: HeldOut, *, correlation: float, screen: Screen) -> None:
    screen.table(
        f"Money over the last {tried.weeks:.0f} weeks, foretold without them: by tenth, best first",
        ["tenth", "customers", "foretold", "came", "from", "to"],
        [list(astuple(tenth))[:6] for tenth in tried.money],
    )
    screen.say(
        f"  purchases foretold {tried.expected:,.0f}, made {tried.bought:,.0f}; a customer's are "
        f"missed by {tried.error:.3f} on average (at the rate so far: {tried.plain_error:.3f})"
    )
    if correlation > _DOUBTFUL:
        screen.say(
            f"  [yellow]frequent buyers spend more a purchase (correlation {correlation:.2f}): "
            "values of heavy buyers are too low[/yellow]"
        )


def _of_tables(
    space: Workspace, tables: Path | None, as_of: datetime | None, *, screen: Screen
) -> tuple[pd.DataFrame, datetime]:
    from pipelines.lifetime import purchases_of_tables

    source = space.source(tables)
    warn_if_unchecked(source, space=space, screen=screen)
    instant = space.as_of(source, as_of)
    return purchases_of_tables(source, home=space.home, as_of=instant), instant


def _day_after(purchases: pd.DataFrame) -> datetime:
    import pandas as pd

    last: datetime = (purchases["at"].max().floor("D") + pd.Timedelta(days=1)).to_pydatetime()
    return last
