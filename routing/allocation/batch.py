"""A batch of customers as allocation takes it: what offers add, and what each customer uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.allocation.errors import BatchError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]
Draws = NDArray[np.uint64]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class CustomerBatch:
    """n customers and m offers; the order of columns is that of the problem's offers.

    `added_value` (n, m) is money per contact, `accept` (n, m) the probability of acceptance when
    presented. `eligible` (n, m): the stage fits. `relevant` (n, m): the model set knows the offer
    and presenting raises the chance; an offer that is not relevant is never presented, not even
    to meet a floor. `contacts` (n,) are expected within the horizon, `presented` (n,)
    presentations within the cap's period so far. `weekday_shares` (n, 7) or (7,) sum to 1.
    `days_since_presented` (n, m) is infinite where never. `kept_uplift` (n, m) is the money that
    one more unit of margin adds; only a what-if on margins needs it.
    """

    customer_ids: Texts
    added_value: Floats
    accept: Floats
    eligible: Flags
    relevant: Flags
    contacts: Floats
    asked_not_to: Flags
    pool: Texts
    partner: Texts
    weekday_shares: Floats
    presented: Floats | None = None
    days_since_presented: Floats | None = None
    kept_uplift: Floats | None = None

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: NDArray[np.intp]) -> CustomerBatch:
        """Return the batch of these rows, in this order."""
        found: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        return CustomerBatch(
            **{name: _of_rows(name, values, rows) for name, values in found.items()}
        )


# Gives all customers, batch by batch; called once for each time they are gone through.
Batches = Callable[[], Iterable[CustomerBatch]]


def _of_rows(name: str, values: Any, rows: NDArray[np.intp]) -> Any:
    common = values is None or (name == "weekday_shares" and values.ndim == 1)
    return values if common else values[rows]


def joined(batches: Sequence[CustomerBatch]) -> CustomerBatch:
    """Return one batch of all rows, in order."""
    first = batches[0]
    if len(batches) == 1:
        return first
    found: dict[str, Any] = {}
    for field in fields(first):
        parts = [getattr(batch, field.name) for batch in batches]
        if parts[0] is None:
            found[field.name] = None
        elif field.name == "weekday_shares":
            found[field.name] = np.concatenate(
                [np.broadcast_to(p, (len(b), 7)) for p, b in zip(parts, batches, strict=True)]
            )
        else:
            found[field.name] = np.concatenate(parts)
    return CustomerBatch(**found)


def checked(batch: CustomerBatch, *, offers: int) -> CustomerBatch:
    """Return the batch; BatchError where a shape or a number is not as declared."""
    n = len(batch)
    shapes: dict[str, tuple[tuple[int, ...], ...]] = {
        **dict.fromkeys(("added_value", "accept", "eligible", "relevant"), ((n, offers),)),
        **dict.fromkeys(("days_since_presented", "kept_uplift"), ((n, offers),)),
        **dict.fromkeys(("contacts", "asked_not_to", "pool", "partner", "presented"), ((n,),)),
        "weekday_shares": ((7,), (n, 7)),
    }
    for name, allowed in shapes.items():
        values = getattr(batch, name)
        if values is not None and values.shape not in allowed:
            raise BatchError(
                f"A batch has {name} of shape {values.shape}.", fix=f"Give shape {allowed[0]}."
            )
    usable = batch.eligible & batch.relevant
    if not np.isfinite(np.where(usable, batch.added_value + batch.accept, 0.0)).all():
        raise BatchError(
            "A batch has added values or likelihoods that are no finite number.",
            fix="Mark offers that the model set does not know as not relevant.",
        )
    if not (np.isfinite(batch.contacts) & (batch.contacts >= 0.0)).all():
        raise BatchError(
            "A batch has expected contacts that are no finite number of at least 0.",
            fix="Give 0 where no contact is expected.",
        )
    return batch


def draws(customer_ids: Texts) -> Draws:
    """Return (n,) whole numbers spread evenly over 64 bits, each from its customer's id alone.

    FNV-1a over the code points, then the finaliser of SplitMix64 (Steele et al. 2014). The same
    id has the same number in every batch, process and version.
    """
    ids = np.ascontiguousarray(customer_ids)
    found = np.full(len(ids), 0xCBF29CE484222325, dtype=np.uint64)
    width = ids.dtype.itemsize // 4
    codes = ids.view(np.uint32).reshape(len(ids), width) if width else np.zeros((len(ids), 0))
    for place in range(width):
        code = codes[:, place].astype(np.uint64)
        # An id shorter than the widest of its batch ends in zeros: they must not count.
        found = np.where(code > 0, (found ^ code) * np.uint64(0x100000001B3), found)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(found ^ (found >> np.uint64(31)), dtype=np.uint64)
