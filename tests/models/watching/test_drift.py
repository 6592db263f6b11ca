"""Drift is told when it is there, and seldom when it is not."""

from __future__ import annotations

import numpy as np
import pytest

from features.contract import Kind
from models.watching.drift import column_drift, customer_rows, score_drift

KINDS = {"age": Kind.CONTINUOUS, "visits": Kind.ORDINAL, "medium": Kind.NOMINAL}
AT = np.random.default_rng(9).permutation(3000).astype(np.int64)
Columns = dict[str, np.ndarray]


def contacts(count: int, *, seed: int) -> tuple[Columns, np.ndarray]:
    """Contacts of customers who call three times on average, each time much the same."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, count // 3, count)
    own = np.random.default_rng(seed + 1000).normal(50, 10, count // 3)
    return {
        "age": own[customer],
        "visits": np.where(rng.random(count) < 0.1, np.nan, rng.poisson(2, count)),
        "medium": rng.choice(np.array(["search", "social", None], dtype=object), count),
    }, customer


def sure(columns: Columns, whose: np.ndarray, *, seed: int = 1) -> dict[str, float]:
    """Return the stability index of every column whose drift is sure."""
    before, their = contacts(3000, seed=seed)
    found = column_drift(before, columns, kinds=KINDS, customers=(their, whose), at=AT)
    return {drift.name: drift.psi for drift in found if drift.p < 0.01}


def test_quiet_contacts_seldom_drift() -> None:
    alarms = sum(bool(sure(*contacts(1500, seed=5000 + s), seed=s)) for s in range(100))
    assert alarms <= 5


def test_a_shift_a_new_word_and_missing_values_are_told() -> None:
    now, whose = contacts(1500, seed=2)
    rng = np.random.default_rng(0)
    now["age"] = now["age"] + 10
    now["visits"] = np.where(rng.random(1500) < 0.4, np.nan, now["visits"])
    now["medium"] = np.where(rng.random(1500) < 0.2, "radio", now["medium"])
    told = sure(now, whose)
    assert set(told) == {"age", "visits", "medium"}
    assert told["age"] > 0.25
    before, their = contacts(3000, seed=1)
    found = {
        d.name: d for d in column_drift(before, now, kinds=KINDS, customers=(their, whose), at=AT)
    }
    assert found["medium"].fresh == ("radio",)
    assert found["medium"].fresh_share == pytest.approx(0.2, abs=0.05)
    assert found["visits"].missing_now > found["visits"].missing_before + 0.2


def test_customers_who_call_often_count_once() -> None:
    assert customer_rows(np.arange(9)) == 1.0
    assert customer_rows(np.repeat(np.arange(3), 4)) == 4.0


def test_a_column_that_stands_still_has_no_drift() -> None:
    same = np.full(500, 3.0)
    drift = score_drift("still", same, same, customers=(np.arange(500), np.arange(500)))
    assert (drift.psi, drift.p) == (0.0, 1.0)


def test_scores_that_moved_are_told() -> None:
    rng = np.random.default_rng(3)
    one = np.arange(2000)
    drift = score_drift("s", rng.beta(2, 8, 2000), rng.beta(3, 6, 2000), customers=(one, one))
    assert drift.psi > 0.25
    assert drift.p < 1e-6


def test_a_column_that_grows_with_time_is_marked() -> None:
    rng = np.random.default_rng(4)
    one = np.arange(1000)
    tenure = one / 10 + rng.normal(0, 5, 1000)
    found = column_drift(
        {"tenure": tenure},
        {"tenure": tenure + 100},
        kinds={"tenure": Kind.CONTINUOUS},
        customers=(one, one),
        at=one.astype(np.int64),
    )
    assert found[0].with_time
    assert found[0].psi > 1
