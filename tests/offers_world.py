"""A small insurer whose offers' true effects are known, for the tests of the offers report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
STAGES = ("prospect", "lead", "new_business", "purchaser")
REVENUE = 240.0
LAPSED_SHARE = 0.15


@dataclass(frozen=True)
class TrueOffer:
    """One offer and its truth: chance to buy without, and what presenting adds, by stage."""

    offer_id: str
    name: str
    without: float
    added: dict[str, float]
    presentation_cost: float = 4.0
    lapse_cost: float = 60.0
    maturity_days: int = 60


OFFERS = (
    TrueOffer("term_life", "Term life", 0.03, {"prospect": 0.05, "lead": 0.14}),
    TrueOffer("home_plus", "Home plus", 0.05, {"lead": 0.05, "purchaser": 0.06}),
    TrueOffer("whole_life", "Whole life", 0.10, {"prospect": 0.07, "purchaser": -0.08}),
    TrueOffer("pet_cover", "Pet cover", 0.05, {"prospect": -0.02, "lead": -0.04}, 9.0),
    TrueOffer("travel_year", "Travel, a year <all in>", 0.06, {"purchaser": 0.02}),
)
NEW_OFFER = TrueOffer("cyber", "Cyber cover", 0.02, {"new_business": 0.02})


def write_offers_world(
    home: Path, *, contacts: int, seed: int, strangers: int = 0, seller: str = "main"
) -> Path:
    """Write tables and the training frame of one insurer; return the folder of the tables.

    The partner `seller` has the offers. The first `strangers` of the contacts come once more as
    those of customers of partner "other", to whom nothing was presented and who never buy.
    """
    rng = np.random.default_rng(seed)
    stage = rng.choice(STAGES, size=contacts, p=(0.35, 0.3, 0.03, 0.32))
    customer = rng.integers(0, contacts // 2, size=contacts)
    at = [UNTIL - timedelta(minutes=float(m)) for m in rng.uniform(0, 500 * 24 * 60, contacts)]
    offers = (*OFFERS, NEW_OFFER)
    eligible = np.array([[s in o.added for o in offers] for s in stage])
    # Nothing is twice as likely as any one offer, so that weights matter.
    weights = np.column_stack([eligible * 1.0, np.full(contacts, 2.0)])
    chances = weights / weights.sum(axis=1, keepdims=True)
    action = (rng.random(contacts)[:, None] < chances.cumsum(axis=1)).argmax(axis=1)
    contact_id = [f"c{i:06d}" for i in range(contacts)]
    tables = home / "tables"
    _write(tables / "offers", [_catalogue(offer) | {"partner": seller} for offer in offers])
    sales, lapses = [], []
    for place, offer in enumerate(offers):
        chance = np.array(
            [
                offer.without + offer.added.get(s, 0.0) * (a == place)
                for s, a in zip(stage, action, strict=True)
            ]
        )
        for i in np.flatnonzero(rng.random(contacts) < chance):
            bought_at = at[i] + timedelta(days=float(rng.uniform(0, 13)))
            sales.append(_sale(contact_id[i], customer[i], offer, bought_at))
            if rng.random() < LAPSED_SHARE:
                lapsed_at = bought_at + timedelta(days=float(rng.uniform(5, offer.maturity_days)))
                lapses.append(_lapse(len(lapses), customer[i], offer, lapsed_at))
    _write(tables / "outcomes", sales)
    _write(tables / "customer_events", lapses)
    training: list[dict[str, Any]] = [
        {
            "partner": "main",
            "contact_id": contact_id[i],
            "customer_id": f"p{customer[i]}",
            "as_of": at[i],
            "stage": str(stage[i]),
            "stood": str(stage[i]),
            "offer_id": offers[action[i]].offer_id if action[i] < len(offers) else None,
            "offer_probability": float(chances[i, action[i]]),
        }
        for i in range(contacts)
    ]
    training += [
        row
        | {"partner": "other", "contact_id": f"o{row['contact_id']}"}
        | {"customer_id": f"o{row['customer_id']}", "offer_id": None, "offer_probability": 0.4}
        for row in training[:strangers]
    ]
    _write(home / "features" / "training.parquet", training)
    _write(tables / "contacts", [_contact(row) for row in training])
    return tables


def _catalogue(offer: TrueOffer) -> dict[str, object]:
    return {
        "partner": "main", "offer_id": offer.offer_id, "name": offer.name,
        "product": offer.offer_id, "margin": REVENUE,
        "presentation_cost": offer.presentation_cost, "lapse_cost": offer.lapse_cost,
        "licence": "life", "maturity_days": offer.maturity_days,
        "eligible_stages": ";".join(offer.added),
    }  # fmt: skip


def _contact(row: dict[str, Any]) -> dict[str, object]:
    return {
        "partner": row["partner"], "contact_id": row["contact_id"],
        "customer_id": row["customer_id"], "channel": "voice", "reason": "quote", "centre": "east",
        "queue": "sales", "waited_seconds": 20.0, "handled_seconds": 300.0, "reached_agent": True,
        "offer_id": row["offer_id"], "offer_probability": row["offer_probability"],
        "arm": "explore", "occurred_at": row["as_of"], "known_at": row["as_of"],
    }  # fmt: skip


def _sale(contact: str, customer: int, offer: TrueOffer, at: datetime) -> dict[str, object]:
    return {
        "partner": "main", "contact_id": contact, "customer_id": f"p{customer}",
        "offer_id": offer.offer_id, "accepted": True, "revenue": REVENUE,
        "occurred_at": at, "known_at": at + timedelta(days=1),
    }  # fmt: skip


def _lapse(number: int, customer: int, offer: TrueOffer, at: datetime) -> dict[str, object]:
    return {
        "partner": "main", "event_id": f"e{number}", "customer_id": f"p{customer}",
        "kind": "lapse", "product": offer.offer_id, "amount": None,
        "occurred_at": at, "known_at": at + timedelta(days=1),
    }  # fmt: skip


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    if path.suffix != ".parquet":
        path = path / "partner=main" / "part-00000.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows)
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            stamp = pa.timestamp("us", tz="UTC")
            table = table.set_column(place, field.name, table[field.name].cast(stamp))
        if pa.types.is_null(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.float64()))
    pq.write_table(table, path)
