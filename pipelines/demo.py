"""The main job end to end on a generated insurer: from raw tables to routed calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One run of the main job on a generated insurer; `now` is when its strategies are formed."""

    space: Workspace
    seed: int
    until: datetime
    now: datetime
    watch: Stopwatch

    @property
    def screen(self) -> Screen:
        """Where it speaks."""
        return self.watch.screen

    def know(self, *, customers: int) -> None:
        """Generate, check, and build what was known at each contact and is known now."""
        from features.check import check
        from features.frame import build_population, build_training
        from features.staging import staged_file
        from pipelines.insurer import generate
        from pipelines.insurer.limits import week_of_limits
        from routing.allocation.limits_file import FILE

        tables, home, track = self.space.tables, self.space.home, self.screen.track
        with self.watch.step(f"generate {customers:,} customers"):
            generate(tables, customers=customers, seed=self.seed, until=self.until, track=track)
        with self.watch.step("check every row against the data contract"):
            check(tables, quarantine=self.space.quarantine, track=track)
        with self.watch.step("build what was known at each contact, and is known now"):
            build_training(tables, home=home, as_of=self.until, track=track)
            build_population(tables, home=home, as_of=self.until, track=track)
            self.space.remember(tables=tables, as_of=self.until)
        limits = home / FILE
        if not limits.exists():
            with staged_file(limits) as staged:
                staged.write_text(week_of_limits(customers), encoding="utf-8")

    def learn(self) -> None:
        """Train, judge, register and promote a model set."""
        from models import registry
        from models.promotion.gate import GateRefusedError
        from models.promotion.gate_file import gate_of
        from models.settings import TrainingSettings
        from pipelines.train import champions, train_challenger

        with self.watch.step("train, judge and register a model set"):
            made = train_challenger(
                self.space.home,
                tables=self.space.tables,
                as_of=self.until,
                settings=TrainingSettings(seed=self.seed),
                track=self.screen.track,
            )
        self.screen.table(
            "  accept: who answers for each profile, judged on later contacts than it learned from",
            ["  profile", "champion", "rows", "AUC", "one for all"],
            [
                [f"  {row.profile}", row.candidate, row.rows, row.auc, row.single]
                for row in champions(made.folder)
                if row.signal == "accept" and row.profile != "all"
            ],
        )
        with self.watch.step("promote it through the gate"):
            try:
                registry.promote(
                    self.space.home,
                    version=made.version,
                    by="demo",
                    why="the demo",
                    now=self.now,
                    # The generated history ends on the same day for ever: it need not be fresh.
                    settings=replace(gate_of(self.space.home), freshness=None),
                )
            except GateRefusedError as refused:  # a champion of an earlier demo may be better
                self.screen.plain(f"  {refused.fact} The champion before stays.")

    def publish(self) -> None:
        """Form and publish a strategy for every customer, and measure what each offer adds."""
        from models import registry
        from pipelines.report import write_report
        from pipelines.strategise import form_strategies

        home, tables, track = self.space.home, self.space.tables, self.screen.track
        champion = registry.current(home)
        assert champion is not None, "promote returned without a champion"
        with self.watch.step("form and publish a strategy for every customer"):
            form_strategies(
                home,
                tables=tables,
                model_set_folder=champion,
                as_of=self.until,
                formed_at=self.now,
                valid_for=timedelta(days=7),
                track=track,
            )
        with self.watch.step("measure what each offer adds"):
            write_report(home, tables=tables, as_of=self.until, track=track)


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
