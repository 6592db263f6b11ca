"""Folds of customers: all the contacts of a customer lie in one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def customer_folds(
    customer: NDArray[Any], *, count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return (n,) folds 0 .. count - 1 at random, equally many customers in each."""
    names, place = np.unique(customer, return_inverse=True)
    fold = rng.permutation(np.arange(len(names)) % count)
    return np.asarray(fold[place], dtype=np.intp)


def held_customers(
    customer: NDArray[Any], *, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return (n,) whether the contact is of the `share` of customers that are held out."""
    names, place = np.unique(customer, return_inverse=True)
    held = np.zeros(len(names), dtype=np.bool_)
    held[rng.permutation(len(names))[: max(round(share * len(names)), 1)]] = True
    return np.asarray(held[place])
