"""Histories from purchases, spend, and money over a horizon."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from models.lifetime.histories import Histories, PurchaseError, daily, summarise
from models.lifetime.purchases import BgNbd
from models.lifetime.spend import GammaGamma, fit_spend
from models.lifetime.value import LifetimeModel

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def bought(*rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["customer", "at", "amount"])
    return table.assign(at=pd.to_datetime(table["at"], utc=True, format="ISO8601"))


def spenders(count: int, *, seed: int = 1) -> Histories:
    """Return customers whose means are 6 x 15 / a gamma(3.7) draw, as in the model."""
    rng = np.random.default_rng(seed)
    repeats = rng.integers(0, 12, count).astype(float)
    scale = rng.gamma(3.7, 1 / 15.0, count)
    spend = np.where(repeats > 0, rng.gamma(np.maximum(6 * repeats, 1), 1) / scale, 0.0)
    spend = np.divide(spend, repeats, out=np.zeros(count), where=repeats > 0)
    weeks = np.full(count, 50.0)
    return Histories(np.arange(count), repeats, np.minimum(repeats * 4, 50), weeks, spend)


def test_a_history_counts_days_after_the_first() -> None:
    days = daily(
        bought(
            ("a", "2026-01-04T09:00Z", 10.0),
            ("a", "2026-01-04T18:00Z", 5.0),
            ("a", "2026-01-18", 20.0),
            ("a", "2026-02-01", 40.0),
            ("b", "2026-02-22", 7.0),
            ("b", "2026-03-01", 99.0),
        )
    )
    found = summarise(days, as_of=AS_OF)
    assert found.customer.tolist() == ["a", "b"]
    assert found.repeats.tolist() == [2, 0]
    assert found.last_weeks.tolist() == [4, 0]
    assert found.known_weeks.tolist() == [8, 1]
    assert found.spend.tolist() == [30, 0]


def test_refunds_and_gaps_are_named() -> None:
    with pytest.raises(PurchaseError, match="1 purchases have a negative amount"):
        daily(bought(("a", "2026-01-04", -1.0)))
    with pytest.raises(PurchaseError, match="1 of 1 purchases have no amount"):
        daily(bought(("a", "2026-01-04", np.nan)))


def test_planted_spend_is_found_again() -> None:
    found = fit_spend(spenders(8000))
    assert found.q == pytest.approx(3.7, rel=0.1)
    assert found.mean == pytest.approx(6 * 15 / 2.7, rel=0.05)
    assert found.p == pytest.approx(6, rel=0.2)
    assert abs(found.r) < 0.05


def test_one_purchase_says_less_of_a_customer_than_many() -> None:
    model = GammaGamma(p=6, q=3.7, gamma=15, log_likelihood=0, r=0)
    few, many = (
        Histories(np.zeros(1), np.array([x]), np.ones(1), np.ones(1), np.array([100.0]))
        for x in (1.0, 20.0)
    )
    assert model.mean < model.expected(few)[0] < model.expected(many)[0] < 100


def test_discounting_and_margin_lower_the_value() -> None:
    model = LifetimeModel(BgNbd(0.6, 8, 0.9, 3, 0), GammaGamma(6, 3.7, 15, 0, 0))
    customers = spenders(50)
    plain = model.value(customers, weeks=52)
    assert plain == pytest.approx(
        model.purchases.expected(customers, weeks=52) * model.spend.expected(customers)
    )
    less = model.value(customers, weeks=52, yearly_discount=0.1, margin_share=0.5)
    assert ((less < 0.5 * plain) & (less > 0.44 * plain)).all()
