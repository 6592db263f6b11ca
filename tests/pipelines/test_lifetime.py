"""From a file of purchases to a table of customers, with errors that name the fix."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.errors import TooFewRowsError
from models.lifetime.histories import PurchaseError
from pipelines.lifetime import purchases_of_file, write_lifetimes

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def shop(count: int = 1500, *, seed: int = 3) -> pd.DataFrame:
    """Return two years of purchases of customers who differ, and of whom some leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(count):
        day, rate, mean = rng.integers(0, 300), rng.gamma(1, 1 / 60), rng.gamma(5, 8)
        while day < 730:
            rows.append((f"c{customer}", day, mean * rng.gamma(4, 0.25)))
            day += int(rng.exponential(1 / rate)) + 1
            if rng.random() < 0.15:
                break
    table = pd.DataFrame(rows, columns=["customer", "day", "amount"])
    at = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(table["day"], unit="D")
    return table.assign(at=at).drop(columns="day")


def test_money_foretold_is_money_that_came(tmp_path: Path) -> None:
    made = write_lifetimes(
        shop(), target=tmp_path / "lifetime" / "customers.parquet", as_of=AS_OF, weeks=26
    )
    tried = made.held_out
    assert tried.error < tried.plain_error
    assert tried.expected == pytest.approx(tried.bought, rel=0.15)
    assert sum(t.low <= t.predicted <= t.high for t in tried.money) >= 6
    table = pd.read_parquet(made.table)
    assert len(table) == made.customers
    assert table["alive"].between(0, 1).all()


def test_nothing_is_written_when_too_few_came_back(tmp_path: Path) -> None:
    target = tmp_path / "customers.parquet"
    with pytest.raises(TooFewRowsError):
        write_lifetimes(shop(40), target=target, as_of=AS_OF, weeks=26)
    assert not target.exists()


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "purchases.csv"
    shop(20).to_csv(file, index=False)
    with pytest.raises(PurchaseError, match="no column 'amuont'") as raised:
        purchases_of_file(file, customer="customer", at="at", amount="amuont")
    assert "amount" in str(raised.value.fix)


def test_a_value_that_is_no_amount_is_named(tmp_path: Path) -> None:
    file = tmp_path / "purchases.csv"
    file.write_text("customer,at,amount\na,2026-01-01,ten\n")
    with pytest.raises(PurchaseError, match="cannot be read"):
        purchases_of_file(file, customer="customer", at="at", amount="amount")
