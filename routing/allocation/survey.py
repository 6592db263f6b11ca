"""One look at all customers: how many, their contacts, and a sample that stands for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Batches, CustomerBatch, checked, draws, joined
from routing.allocation.errors import BatchError

SAMPLE = 32_768
# Contacts are summed in whole parts, so that the sum is the same in any order.
_PARTS = 2**20


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass tells: `sample` holds the customers of the smallest draws, in that order."""

    customers: int
    contacts: float
    sample: CustomerBatch

    @property
    def scale(self) -> float:
        """How many customers one of the sample stands for."""
        return self.customers / len(self.sample)

    @property
    def complete(self) -> bool:
        """Whether the sample is everybody."""
        return self.customers == len(self.sample)


def survey(batches: Batches, *, offers: int, size: int = SAMPLE) -> Survey:
    """Return the survey; the sample depends on the ids alone, not on batches or their order.

    Raises BatchError where there is no customer, or a batch is not as declared for m offers.
    """
    kept: CustomerBatch | None = None
    customers, contacts = 0, 0
    for batch in batches():
        checked(batch, offers=offers)
        customers += len(batch)
        contacts += int(np.rint(batch.contacts * _PARTS).astype(np.int64).sum())
        kept = _smallest(batch if kept is None else joined([kept, _below(batch, kept, size)]), size)
    if kept is None or not customers:
        raise BatchError("There are no customers.", fix="Give at least one batch with one row.")
    return Survey(customers, contacts / _PARTS, kept)


def _below(batch: CustomerBatch, kept: CustomerBatch, size: int) -> CustomerBatch:
    """Return the rows that may still enter a full sample."""
    if len(kept) < size:
        return batch
    return batch.take(np.flatnonzero(draws(batch.customer_ids) < draws(kept.customer_ids[-1:])))


def _smallest(batch: CustomerBatch, size: int) -> CustomerBatch:
    return batch.take(np.lexsort((batch.customer_ids, draws(batch.customer_ids)))[:size])
