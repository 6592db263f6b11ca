"""The main job end to end on a generated insurer: from raw tables to routed calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.console import Screen
from pipelines.running import LOOPBACK, post
from pipelines.workspace import Workspace

DECISIONS = 20


@dataclass(slots=True)
class Stopwatch:
    """How long each step took, in seconds."""

    screen: Screen
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step and say that it is done."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started
        self.screen.done(f"{name} [dim]({self.seconds[name]:.1f} s)[/dim]")

    @property
    def total(self) -> float:
        """All steps together."""
        return sum(self.seconds.values())


def prepare(
    space: Workspace, *, customers: int, seed: int, until: datetime, now: datetime, screen: Screen
) -> Stopwatch:
    """Generate, check, build features, train, promote, form and publish, and report."""
    from features.check import check
    from features.frame import build_population, build_training
    from models import registry
    from models.settings import TrainingSettings
    from pipelines.insurer import generate
    from pipelines.report import write_report
    from pipelines.strategise import form_strategies
    from pipelines.train import train_challenger

    watch, home, tables, track = Stopwatch(screen), space.home, space.tables, screen.track
    with watch.step(f"generate {customers:,} customers"):
        generate(tables, customers=customers, seed=seed, until=until, track=track)
    with watch.step("check every row against the data contract"):
        check(tables, quarantine=space.quarantine, track=track)
    with watch.step("build what was known at each contact, and is known now"):
        build_training(tables, home=home, as_of=until, track=track)
        build_population(tables, home=home, as_of=until, track=track)
    with watch.step("train, judge and register a model set"):
        made = train_challenger(
            home, tables=tables, as_of=until, settings=TrainingSettings(seed=seed), track=track
        )
    with watch.step("promote it through the gate"):
        registry.promote(home, version=made.version, by="demo", why="first model set", now=now)
    with watch.step("form and publish a strategy for every customer"):
        champion = registry.current(home)
        assert champion is not None, "promote returned without a champion"
        form_strategies(
            home,
            tables=tables,
            model_set_folder=champion,
            as_of=until,
            formed_at=now,
            valid_for=timedelta(days=7),
            track=track,
        )
    with watch.step("measure what each offer adds"):
        write_report(home, tables=tables, as_of=until, track=track)
    return watch


def contacts(tables: Path, *, count: int = DECISIONS) -> list[dict[str, Any]]:
    """Return contacts that a router might send: by phone, id and answers, and strangers."""
    import duckdb

    from features.source import open_source

    with duckdb.connect() as connection:
        open_source(tables).attach(connection)
        known = connection.execute(
            """
            SELECT customer_id, partner, phone, name, postcode FROM customers
            WHERE phone IS NOT NULL AND postcode IS NOT NULL
            ORDER BY hash(customer_id) LIMIT ?
            """,
            [count],
        ).fetchall()
    made: list[dict[str, Any]] = []
    for place, (customer_id, partner, phone, name, postcode) in enumerate(known):
        contact: dict[str, Any] = {
            "contact_id": f"demo-{place + 1}",
            "channel": "voice",
            "partner": partner,
            "to": "+15550199000",
        }
        match place % 10:
            case 3:
                contact |= {"channel": "chat", "customer_id": customer_id}
            case 5:
                contact |= {"from": phone, "answers": {"reason": "billing"}}
            case 7:
                contact |= {"answers": {"name": name, "postcode": postcode}}
            case 9:
                contact |= {"from": f"+1555999{place:04d}"}
            case _:
                contact |= {"from": phone}
        made.append(contact)
    return made


def decide(address: str, *, tables: Path, screen: Screen) -> list[dict[str, Any]]:
    """Send twenty contacts over HTTP and print what the router would get."""
    asked = contacts(tables)
    answered = [post(f"{address}/v1/decisions", contact) for contact in asked]
    screen.say()
    screen.table(
        f"{len(answered)} decisions, as the router got them",
        ["contact", "identified by", "stage", "source", "group", "queue", "offer", "adds"],
        [_row(asked_one, answer) for asked_one, answer in zip(asked, answered, strict=True)],
    )
    return answered


def _row(contact: dict[str, Any], answer: dict[str, Any]) -> list[object]:
    customer = answer.get("customer") or {}
    best = next((o for o in answer["handling"]["offers"] if o["present"]), None)
    return [
        contact["contact_id"],
        customer.get("identified_by") or "-",
        customer.get("stage") or "-",
        answer["source"],
        answer.get("value_group") or "-",
        answer["route"]["queue"],
        best["offer_id"] if best else "none",
        f"{best['added_value']:.2f}" if best else "-",
    ]


def address_of(port: int) -> str:
    """Return the loopback address of a port."""
    return f"http://{LOOPBACK}:{port}"
