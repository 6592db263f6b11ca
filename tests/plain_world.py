"""Tables and a population to work out by hand, and a model set that reads the income."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.signals import Signal

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
FORMED = datetime(2026, 11, 22, 6, tzinfo=UTC)
STAGES = ("prospect", "lead", "new_business", "purchaser")
PARTNERS = ("main", "north")


class PlainScorer:
    """A model set whose probabilities can be worked out by hand: all from the income."""

    version = "17"
    features = ("income", "life_event")
    offer_ids = ("home", "term_life")
    signals = tuple(Signal)

    def __init__(self, *, lift: float = 1.0) -> None:
        self.lift = lift

    def encode(self, columns: Mapping[str, Sequence[object] | Any]) -> np.ndarray[Any, Any]:
        income = np.nan_to_num(np.asarray(columns["income"], dtype=np.float64))
        return (income[:, None] / 100_000).astype(np.float32)

    def predict(
        self, signal: str, matrix: np.ndarray[Any, Any], *, profile: Any, offer: Any
    ) -> np.ndarray[Any, Any]:
        share = matrix[:, 0].astype(np.float64)
        likely = share * np.where(offer == 0, 0.2, 0.4) * self.lift
        return {
            "accept": likely,
            "baseline": likely / 4,
            "lapse": np.full(len(share), 0.1),
            "keep": likely * 0.9,
            "value": likely * 300,
        }[signal]

    def elected_effects(
        self, matrix: np.ndarray[Any, Any], *, profile: Any
    ) -> np.ndarray[Any, Any]:
        return np.full((len(matrix), len(self.offer_ids)), np.nan)

    def drivers(
        self, matrix: np.ndarray[Any, Any], *, profile: Any, top: int = 3
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        names = np.array([["income", "", ""]] * len(matrix))
        return names[:, :top], np.tile([0.05, 0.0, 0.0], (len(matrix), 1))[:, :top]


def write(root: Path, table: str, rows: list[dict[str, Any]]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), root / f"{table}.parquet")


def _customer(number: int) -> dict[str, Any]:
    household = number // 2 if number % 10 < 2 else number
    return {
        "partner": PARTNERS[number % 3 == 0],
        "customer_id": f"c{number:06d}",
        "name": f"Name {number}",
        "street": f"{household} Main St",
        "postcode": f"{household % 90:05d}",
        "phone": None if number % 7 == 0 else f"555555{household:04d}",
        "second_phone": None,
        "email": None,
        "language": "en",
        "preferred_channel": None,
        "do_not_offer": number % 11 == 0,
        "vulnerable": number % 10 == 3,
        "occurred_at": datetime(2026, 1, 1, tzinfo=UTC),
        "known_at": datetime(2026, 1, 1, tzinfo=UTC),
    }


def _offer(partner: str, offer_id: str, **money: Any) -> dict[str, Any]:
    return {
        "partner": partner,
        "offer_id": offer_id,
        "name": offer_id.replace("_", " ").capitalize(),
        "product": offer_id,
        "presentation_cost": 3.0,
        "maturity_days": 90,
        **money,
    }


def make_tables(root: Path, *, customers: int) -> Path:
    """Write customers, offers and agents; the pools of the two partners differ."""
    write(root, "customers", [_customer(number) for number in range(customers)])
    life = {"margin": 400.0, "lapse_cost": 140.0, "licence": "life"}
    home = {"margin": 200.0, "lapse_cost": 80.0, "licence": "property"}
    offers = [
        row
        for partner in PARTNERS
        for row in (
            _offer(partner, "term_life", eligible_stages="prospect;lead;purchaser", **life),
            _offer(partner, "home", eligible_stages="lead;purchaser", **home),
        )
    ]
    offers.append(_offer("main", "brand_new", eligible_stages="lead", **life))
    write(root, "offers", offers)
    agents = [
        {
            "partner": partner,
            "agent_id": f"{partner}-{number}",
            "name": "A",
            "centre": "north",
            "pool": "first" if number < first else "second",
            "licences": "life",
            "skill_level": 3,
        }
        for partner, first in (("main", 3), ("north", 5))
        for number in range(10)
    ]
    write(root, "agents", agents)
    return root


def make_population(home: Path, *, customers: int) -> None:
    """Write the population's features for the customers of `make_tables`."""
    rng = np.random.default_rng(5)
    rows = [
        {
            "customer_id": f"c{number:06d}",
            "partner": PARTNERS[number % 3 == 0],
            "as_of": AS_OF,
            "stage": STAGES[number % 4],
            "income": None if number % 13 == 0 else float(rng.integers(20, 120) * 1000),
            "life_event": "moved_house" if number % 5 == 0 else "none",
        }
        for number in range(customers)
    ]
    write(home / "features", "population", rows)
