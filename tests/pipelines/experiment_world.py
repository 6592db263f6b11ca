"""A decision log and tables of contacts that a plan decided, with an effect of being on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from routing.answer import Arm
from routing.slots import SlotPlan, arm_at
from serving.log_entry import LoggedDecision, LoggedOutcome, instant_text
from serving.log_file import add_decisions, add_outcome, open_log

MARGIN = 300.0


@dataclass(frozen=True)
class Happened:
    """One contact that the plan decided."""

    number: int
    at: datetime
    customer_id: str
    arm: Arm
    probability: float
    bought: bool


def happenings(
    plan: SlotPlan, *, effect: float, a_day: int = 250, customers: int = 400, seed: int = 5
) -> Iterator[Happened]:
    """Yield contacts from 8 to 20 o'clock UTC; a tenth buys, and `effect` more when on."""
    rng = np.random.default_rng(seed)
    for number in range(a_day * plan.weeks * 7):
        day, seconds = number // a_day, int(rng.integers(8 * 3600, 20 * 3600))
        at = plan.begins + timedelta(days=day, seconds=seconds)
        customer_id = f"c{rng.integers(customers)}"
        placed = arm_at(plan, at, customer_id)
        if placed is not None:
            rate = 0.1 + effect * (placed.arm is Arm.ON)
            bought = bool(rng.random() < rate)
            yield Happened(number, at, customer_id, placed.arm, placed.probability, bought)


def write_log(file: Path, happened: Iterator[Happened]) -> None:
    """Write the log as the server does; every tenth router asks again three minutes later."""
    with closing(open_log(file)) as log:
        log.execute("BEGIN")
        for one in happened:
            for again in range(2 if one.number % 10 == 0 else 1):
                add_decisions(log, [_decision(one, again)])
            if one.bought:
                add_outcome(log, _outcome(one, again))
        log.execute("COMMIT")


def write_tables(folder: Path, happened: Iterator[Happened]) -> None:
    """Write the same as three tables of the data contract."""
    folder.mkdir(parents=True)
    rows = list(happened)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE happened"
            " (n BIGINT, began TIMESTAMPTZ, c TEXT, arm TEXT, p DOUBLE, b BOOLEAN)"
        )
        connection.executemany(
            "INSERT INTO happened VALUES (?, ?, ?, ?, ?, ?)",
            [[o.number, o.at, o.customer_id, o.arm.value, o.probability, o.bought] for o in rows],
        )
        for name, select in _SELECTS.items():
            connection.execute(f"COPY ({select}) TO '{folder / name}.parquet' (FORMAT parquet)")


def _decision(one: Happened, again: int) -> LoggedDecision:
    return LoggedDecision(
        decision_id=f"d{one.number}-{again}",
        contact_id=f"k{one.number}",
        partner="main",
        customer_id=one.customer_id,
        identified_by="customer_id",
        decided_at=instant_text(one.at + timedelta(minutes=3 * again)),
        source="strategy",
        why=None,
        value_group="first",
        queue="sales",
        offer_id="term_life" if one.arm is Arm.ON else None,
        arm=one.arm.value,
        probability=one.probability,
        strategy_set="1",
        model_set="1",
        asked_by="test",
        microseconds=100,
        request="{}",
        answer="{}",
    )


def _outcome(one: Happened, again: int) -> LoggedOutcome:
    at = one.at + timedelta(minutes=20)
    return LoggedOutcome(f"d{one.number}-{again}", "term_life", True, MARGIN, at, at)


_SELECTS = {
    "contacts": """
        SELECT 'main' AS partner, 'k' || n AS contact_id, c AS customer_id, 'voice' AS channel,
          'quote' AS reason, 'north' AS centre, 'sales' AS queue, 1.0 AS waited_seconds,
          60.0 AS handled_seconds, true AS reached_agent,
          CASE arm WHEN 'on' THEN 'term_life' END AS offer_id, p AS offer_probability, arm,
          began AS occurred_at, began AS known_at FROM happened""",
    "outcomes": f"""
        SELECT 'main' AS partner, 'k' || n AS contact_id, c AS customer_id,
          'term_life' AS offer_id, true AS accepted, {MARGIN} AS revenue,
          began + INTERVAL 20 MINUTE AS occurred_at, began + INTERVAL 20 MINUTE AS known_at
        FROM happened WHERE b""",
    "offers": """
        SELECT 'main' AS partner, 'term_life' AS offer_id, 'Term life' AS name,
          'term' AS product, 300.0 AS margin, 2.0 AS presentation_cost, 0.0 AS lapse_cost,
          'life' AS licence, 90 AS maturity_days, 'lead' AS eligible_stages""",
}
