"""Contacts, offers and what came of them, one call each, as tables and a training frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.contract import TABLES, Type
from models.pairs import LabelledPairs, label_pairs
from models.signals import Signal

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = AS_OF - timedelta(days=200)
TYPES = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.WHOLE: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}


@dataclass
class World:
    """Contacts, outcomes and lapses, one call each; offers home (60 days) and life (90 days)."""

    folder: Path
    frame: list[dict[str, object]] = field(default_factory=list)
    contacts: list[dict[str, object]] = field(default_factory=list)
    outcomes: list[dict[str, object]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    # Whose each offer is; the filler partner "x" sells those that are not named.
    sellers: dict[str, str] = field(default_factory=dict)

    def contact(
        self,
        name: str,
        offer: str | None,
        *,
        at: datetime = LONG_AGO,
        probability: float = 0.3,
        reached: bool = True,
        partner: str = "x",
    ) -> None:
        self.contacts.append(
            {
                "partner": partner,
                "contact_id": name,
                "customer_id": name,
                "reached_agent": reached,
                "offer_id": offer,
                "offer_probability": probability,
                "occurred_at": at,
                "known_at": at,
            }
        )
        if reached:
            self.frame.append(
                {
                    "contact_id": name,
                    "partner": partner,
                    "as_of": at,
                    "stage": "lead",
                    "offer_id": offer,
                    "offer_probability": probability,
                }
            )

    def sold(
        self, name: str, offer: str, *, after_days: float = 1, known_after_days: float = 1
    ) -> None:
        contact = next(row for row in self.contacts if row["contact_id"] == name)
        at = contact["occurred_at"] + timedelta(days=after_days)  # type: ignore[operator]
        self.outcomes.append(
            {
                "contact_id": name,
                "customer_id": name,
                "offer_id": offer,
                "accepted": True,
                "revenue": 500.0,
                "occurred_at": at,
                "known_at": at + timedelta(days=known_after_days),
            }
        )

    def lapsed(self, name: str, *, after_days: float, known_after_days: float = 0) -> None:
        sale = next(row for row in self.outcomes if row["contact_id"] == name)
        at = sale["occurred_at"] + timedelta(days=after_days)  # type: ignore[operator]
        self.events.append(
            {
                "customer_id": name,
                "kind": "lapse",
                "product": sale["offer_id"],
                "occurred_at": at,
                "known_at": at + timedelta(days=known_after_days),
            }
        )

    def labelled(self, **more: int) -> LabelledPairs:
        """Return the pairs of every signal."""
        self.write()
        return label_pairs(
            self.folder / "training.parquet",
            tables=self.folder,
            quarantine=self.folder / "quarantine",
            as_of=AS_OF,
            baseline_rows=more.get("baseline_rows", 1000),
            rng=np.random.default_rng(0),
        )

    def write(self) -> None:
        """Write the tables and the training frame."""
        offers = [
            {
                "partner": self.sellers.get(offer, "x"),
                "offer_id": offer,
                "product": offer,
                "lapse_cost": 80.0,
                "maturity_days": days,
                "eligible_stages": stages,
            }
            for offer, days, stages in (("home", 60, "lead;prospect"), ("life", 90, "prospect"))
        ]
        for name, rows in (
            ("contacts", self.contacts),
            ("outcomes", self.outcomes),
            ("customer_events", self.events),
            ("offers", offers),
        ):
            _write(self.folder, name, rows)
        frame = pa.Table.from_pylist(
            self.frame,
            schema=pa.schema(
                [
                    ("contact_id", pa.string()),
                    ("partner", pa.string()),
                    ("as_of", TYPES[Type.TIME]),
                    ("stage", pa.string()),
                    ("offer_id", pa.string()),
                    ("offer_probability", pa.float64()),
                ]
            ),
        )
        pq.write_table(frame, self.folder / "training.parquet")

    def label(self, signal: Signal) -> dict[str, float]:
        """Return the label of each contact that the signal counts."""
        pairs = self.labelled().pairs.get(signal)
        if pairs is None:
            return {}
        names = [str(row["contact_id"]) for row in self.frame]
        return {names[row]: by for row, by in zip(pairs.row, pairs.label.tolist(), strict=True)}


def _write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    filler: dict[Type, object] = {
        Type.TEXT: "x",
        Type.NUMBER: 0.0,
        Type.WHOLE: 1,
        Type.FLAG: False,
        Type.TIME: LONG_AGO,
    }
    columns = TABLES[name].columns
    whole = [
        {c.name: row.get(c.name, None if c.nullable else filler[c.type]) for c in columns}
        for row in rows
    ]
    schema = pa.schema([(c.name, TYPES[c.type]) for c in columns])
    pq.write_table(pa.Table.from_pylist(whole, schema=schema), folder / f"{name}.parquet")
