"""Scores as they lie on disk, read batch by batch as routing takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from routing.forming import ScoredCustomers
from routing.offers import Offer, OfferScores
from routing.strategy import Reason
from routing.strategy_index import ContactDetails

PER_OFFER = ("accept", "baseline", "lapse", "uplift")


def scores_of(batch: pa.RecordBatch, *, offers: tuple[Offer, ...]) -> OfferScores:
    """Return the scores (n, k) of a batch of one partner's customers."""
    return OfferScores(
        **{name: _matrix(batch.column(name), width=len(offers)) for name in PER_OFFER}
    )


def customers_of(
    batch: pa.RecordBatch, *, offers: tuple[Offer, ...]
) -> tuple[ScoredCustomers, list[ContactDetails]]:
    """Return the batch as routing takes it, and beside it what its customers go by."""
    columns: dict[str, Any] = {name: batch.column(name) for name in batch.schema.names}
    texts = {
        name: columns[name].to_pylist()
        for name in ("phone", "second_phone", "name", "street", "postcode")
    }
    details = [
        ContactDetails(tuple(p for p in (phone, second) if p), name, street, postcode)
        for phone, second, name, street, postcode in zip(*texts.values(), strict=True)
    ]
    reasons = [
        tuple(Reason(text, round(effect, 4)) for text, effect in zip(found, effects, strict=False))
        for found, effects in zip(
            columns["reasons"].to_pylist(), columns["effects"].to_pylist(), strict=True
        )
    ]
    customers = ScoredCustomers(
        customer_ids=columns["customer_id"].to_pylist(),
        stages=np.array(columns["stage"].to_pylist(), dtype=np.str_),
        do_not_offer=columns["do_not_offer"].to_numpy(zero_copy_only=False).astype(bool),
        scores=scores_of(batch, offers=offers),
        keep=columns["keep"].to_numpy(zero_copy_only=False).astype(np.float64),
        value=columns["value"].to_numpy(zero_copy_only=False),
        reasons=reasons,
        life_events=columns["life_event"].to_pylist(),
        vulnerable=columns["vulnerable"].to_numpy(zero_copy_only=False).astype(bool),
    )
    return customers, details


def _matrix(column: pa.Array, *, width: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    return np.asarray(flat.reshape(-1, width))
