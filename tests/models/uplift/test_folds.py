from __future__ import annotations

import numpy as np

from models.uplift.folds import customer_folds, held_customers


def test_all_contacts_of_a_customer_lie_in_one_fold() -> None:
    customer = np.random.default_rng(0).integers(0, 50, 400)
    fold = customer_folds(customer, count=5, rng=np.random.default_rng(1))
    assert all(len(set(fold[customer == each])) == 1 for each in np.unique(customer))


def test_folds_hold_equally_many_customers() -> None:
    customer = np.arange(100)
    fold = customer_folds(customer, count=5, rng=np.random.default_rng(1))
    assert np.bincount(fold).tolist() == [20] * 5


def test_the_held_share_is_of_customers() -> None:
    customer = np.repeat(np.arange(40), 3)
    held = held_customers(customer, share=0.25, rng=np.random.default_rng(2))
    assert held.sum() == 30
    assert all(len(set(held[customer == each])) == 1 for each in range(40))
