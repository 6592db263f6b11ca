"""Contacts to ask about: each from another known number, of a home or of made-up customers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from routing.defaults import standard_defaults
from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_writer import StrategyWriter
from routing.tasks import route_to, task_of

PARTNER = "main"


def made_up(
    count: int, *, model_set: str, now: datetime
) -> Iterator[tuple[Strategy, ContactDetails]]:
    """Yield strategies of customers c-0, c-1, ...: five offers, three reasons, valid a week."""
    offers = tuple(
        RankedOffer(f"offer_{at}", at == 0, 0.3 - at / 20, 0.1, 40.0 - at, "adds 40 per contact")
        for at in range(5)
    )
    for at in range(count):
        strategy = Strategy(
            f"c-{at}", PARTNER, "lead", "first", Signals(0.3, 0.1, 0.27, 410.0),
            route_to(task_of("lead"), group=0), Handling(offers, "A lead."),
            (Reason("asked for a quote 6 days ago", 0.09),) * 3,
            model_set, now, now + timedelta(days=7),
        )  # fmt: skip
        yield strategy, ContactDetails((phone_of(at),), f"Name {at}", f"{at} Elm Row", "01101")


def phone_of(at: int) -> str:
    """Return the number of made-up customer c-<at>."""
    return f"+1555{at:07d}"


def publish_made_up(home: Path, *, customers: int, model_set: str = "none") -> None:
    """Publish a strategy set of made-up customers in `home`."""
    now = datetime.now(UTC)
    with StrategyWriter(
        home / "strategies",
        model_set=model_set,
        formed_at=now,
        defaults=[standard_defaults(PARTNER)],
    ) as writer:
        writer.add(made_up(customers, model_set=model_set, now=now))
        writer.publish()


@dataclass(frozen=True)
class Known:
    """A customer whose number is known."""

    customer_id: str
    partner: str
    phone: str


def known_callers(tables: Path) -> list[Known]:
    """Return each customer of a home's raw tables who has a phone number; none without tables."""
    if not tables.is_dir():
        return []
    import duckdb

    from features.source import open_source

    with duckdb.connect() as connection:
        open_source(tables).attach(connection)
        query = "SELECT customer_id, partner, phone FROM customers WHERE phone IS NOT NULL"
        return [Known(*row) for row in connection.execute(query).fetchall()]


def made_up_callers(count: int) -> list[Known]:
    """Return the customers that `made_up` makes."""
    return [Known(f"c-{at}", PARTNER, phone_of(at)) for at in range(count)]


def calls(callers: Sequence[Known], *, count: int, seed: int = 1) -> list[bytes]:
    """Return `count` bodies of calls, each from another of the numbers, in random order."""
    chosen = random.Random(seed).sample(callers, min(count, len(callers)))
    return [
        json.dumps(
            {
                "contact_id": f"bench-{at}",
                "channel": "voice",
                "from": caller.phone,
                "to": "+15550199",
                "partner": caller.partner,
                "deadline_ms": 200,
            }
        ).encode()
        for at, caller in enumerate(chosen)
    ]


def home_with_calls(
    home: Path | None, scratch: Path, *, customers: int, count: int
) -> tuple[Path, list[bytes]]:
    """Return a home to serve and calls to it: `home`, or made-up customers in `scratch`."""
    if home is not None:
        return home, calls(known_callers(home / "tables"), count=count)
    print(f"no --home: {customers:,} made-up customers are served, without models")
    publish_made_up(scratch, customers=customers)
    return scratch, calls(made_up_callers(customers), count=count)
