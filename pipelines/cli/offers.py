"""The verbs on offers: list them, and approve, pause or end one with a reason."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from features.errors import DataNotFoundError, nearest
from pipelines.cli.options import AsJson, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace
from routing.offer_states import OfferState

app = typer.Typer(
    help="Which offers may be presented: approve, pause or end one, with a reason.",
    no_args_is_help=True,
)

OfferId = Annotated[str, typer.Argument(help="The offer_id, as in the table offers.")]
Why = Annotated[str, typer.Option(help="The reason; it is kept, and shown with the offer.")]
By = Annotated[str, typer.Option(help="Who decides. [you]", show_default=False)]


@app.command("list")
def list_offers(home: Home = DEFAULT_HOME, tables: Tables = None, as_json: AsJson = False) -> None:
    """List the catalogue's offers: the state of each, since when, by whom and why."""
    from serving import offers_ledger

    screen = Screen(as_json)
    made = offers_ledger.changes(home)
    last = {one.offer_id: one for one in made}
    catalogue = _catalogue(home, tables)
    # An offer that has left the catalogue still has its history.
    names = catalogue | {offer: offer for offer in last if offer not in catalogue}
    rows = [
        [offer, name, one.becomes, one.when, one.by, one.why]
        if (one := last.get(offer))
        else [offer, name, OfferState.APPROVED, None, None, "as the catalogue gives it"]
        for offer, name in names.items()
    ]
    screen.table("Offers", ["offer", "name", "state", "since", "by", "why"], rows)
    keys = ("offer_id", "name", "state", "since", "by", "why")
    screen.result(
        {"offers": [dict(zip(keys, row, strict=True)) for row in rows], "changes": list(made)}
    )


@app.command("approve")
def approve(
    offer: OfferId,
    why: Why,
    by: By = "",
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_json: AsJson = False,
) -> None:
    """Let an offer be presented again, from the next strategy set on."""
    _change(offer, OfferState.APPROVED, why, by, home, tables, Screen(as_json))


@app.command("pause")
def pause(
    offer: OfferId,
    why: Why,
    by: By = "",
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_json: AsJson = False,
) -> None:
    """Present an offer to nobody, at once, until it is approved again."""
    _change(offer, OfferState.PAUSED, why, by, home, tables, Screen(as_json))


@app.command("end")
def end(
    offer: OfferId,
    why: Why,
    by: By = "",
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_json: AsJson = False,
) -> None:
    """End an offer, at once; only a new approval brings it back."""
    _change(offer, OfferState.ENDED, why, by, home, tables, Screen(as_json))


_EFFECT = {
    OfferState.APPROVED: "it is presented from the next strategy set on",
    OfferState.PAUSED: "servers present it to nobody within a second",
    OfferState.ENDED: "servers present it to nobody within a second",
}


def _change(
    offer: str,
    to: OfferState,
    why: str,
    by: str,
    home: Path,
    tables: Path | None,
    screen: Screen,
) -> None:
    from serving import offers_ledger

    known = _catalogue(home, tables)
    if offer not in known:
        raise DataNotFoundError(
            f"The catalogue has no offer '{offer}'.",
            fix=f"It has: {', '.join(known) or 'none'}.{nearest(offer, known)}",
        )
    made = offers_ledger.change(
        home, offer_id=offer, to=to, by=by or getpass.getuser(), why=why, now=datetime.now(UTC)
    )
    screen.done(f"{escape(offer)} is {made.becomes}, was {made.was}: {_EFFECT[to]}")
    screen.result({"changed": made})


def _catalogue(home: Path, tables: Path | None) -> dict[str, str]:
    """Return the names of the offers by id, of every partner."""
    from pipelines.strategy_inputs import offer_names

    space = Workspace(home)
    return offer_names(space.source(tables), quarantine=space.quarantine)
