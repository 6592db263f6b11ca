"""From purchases to what each customer is worth over a horizon, tried on held-out time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import DataNotFoundError, nearest
from features.quarantine import open_checked
from features.staging import staged_file
from models.judging.deciles import Tenth, by_tenth
from models.lifetime.histories import Histories, PurchaseError, daily, summarise
from models.lifetime.value import LifetimeModel, fit_lifetime
from models.signals import Task

Numbers = NDArray[np.float64]

# Of the time since the first purchase, the last part is held out to try the models on.
HELD_OUT_SHARE = 0.25
_DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How models fitted before a held-out span foretold it, customer by customer.

    `error` is the mean absolute difference in purchases, `plain_error` that of the plainest
    rule: everybody goes on buying at the rate so far.
    """

    weeks: float
    customers: int
    expected: float
    bought: float
    error: float
    plain_error: float
    money: tuple[Tenth, ...]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """What was written: the table, the models, and how they did on held-out time."""

    table: Path
    model: LifetimeModel
    customers: int
    held_out: HeldOut


def write_lifetimes(
    purchases: pd.DataFrame,
    *,
    target: Path,
    as_of: datetime,
    weeks: float,
    margin_share: float = 1.0,
    yearly_discount: float = 0.0,
) -> Lifetimes:
    """Write a row per customer to `target` (Parquet): alive, purchases, spend, value, in money.

    `purchases` has columns customer, at (UTC) and amount; `as_of` is aware. The models are fitted
    on all that was bought before `as_of`. Raises TooFewRowsError, PurchaseError, NotFittedError.
    """
    days = daily(purchases)
    histories = summarise(days, as_of=as_of)
    model = fit_lifetime(histories)
    found = pd.DataFrame(
        {
            "customer_id": histories.customer,
            "repeat_purchases": histories.repeats,
            "weeks_known": histories.known_weeks,
            "alive": model.purchases.alive(histories),
            "expected_purchases": model.purchases.expected(histories, weeks=weeks),
            "expected_spend": model.spend.expected(histories),
            "value": model.value(
                histories, weeks=weeks, margin_share=margin_share, yearly_discount=yearly_discount
            ),
        }
    )
    tried = held_out(days, as_of=as_of)
    with staged_file(target) as staged:
        found.to_parquet(staged, index=False)
    return Lifetimes(target, model, len(histories), tried)


def held_out(days: pd.DataFrame, *, as_of: datetime, split: datetime | None = None) -> HeldOut:
    """Return how models fitted on what was bought before `split` foretell the rest until `as_of`.

    `days` are `daily` purchases; without `split` the last quarter of the time is held out.
    """
    first = days["day"].min().to_pydatetime()
    split = split or as_of - (as_of - first) * HELD_OUT_SHARE
    weeks = (as_of - split) / timedelta(days=_DAYS_PER_WEEK)
    known = summarise(days, as_of=split)
    model = fit_lifetime(known)
    later = days[(days["day"] >= pd.Timestamp(split)) & (days["day"] < pd.Timestamp(as_of))]
    sums = later.groupby("customer")["amount"].agg(["size", "sum"]).reindex(known.customer)
    bought, money = (sums[name].fillna(0.0).to_numpy(dtype=np.float64) for name in ("size", "sum"))
    expected = model.purchases.expected(known, weeks=weeks)
    return HeldOut(
        weeks=weeks,
        customers=len(known),
        expected=float(expected.sum()),
        bought=float(bought.sum()),
        error=float(np.abs(expected - bought).mean()),
        plain_error=float(np.abs(_at_the_rate_so_far(known, weeks) - bought).mean()),
        money=by_tenth(money, model.value(known, weeks=weeks), task=Task.AMOUNT),
    )


def purchases_of_tables(tables: Path, *, home: Path, as_of: datetime) -> pd.DataFrame:
    """Return the purchases in the customer events known before `as_of`.

    Raises DataNotFoundError when there are none.
    """
    source = open_checked(tables, quarantine=home / "quarantine")
    source.require(("customer_events",))
    with duckdb.connect(config={"threads": 2}) as session:
        session.execute("SET TimeZone = 'UTC'")
        source.attach(session)
        found: pd.DataFrame = session.execute(
            """SELECT customer_id AS customer, occurred_at AS at, amount FROM customer_events
            WHERE kind = 'purchase' AND amount IS NOT NULL AND known_at < ? ORDER BY ALL""",
            [as_of],
        ).df()
    if found.empty:
        raise DataNotFoundError(
            f"The customer events of '{tables}' hold no purchase with an amount.",
            fix="Name a file of purchases with --purchases.",
        )
    return found


def purchases_of_file(path: Path, *, customer: str, at: str, amount: str) -> pd.DataFrame:
    """Return the purchases of a CSV or Parquet file; times without a zone count as UTC.

    Raises DataNotFoundError, or PurchaseError when a column is missing or holds other things.
    """
    if not path.exists():
        raise DataNotFoundError(f"There is no file {path}.", fix="Name a CSV or Parquet file.")
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    for name in (customer, at, amount):
        if name not in table:
            raise PurchaseError(
                f"{path.name} has no column '{name}'.",
                fix=f"It has: {', '.join(map(str, table))}.{nearest(name, map(str, table))}",
            )
    try:
        times = pd.to_datetime(table[at], utc=True)
        amounts = table[amount].astype(np.float64)
    except (TypeError, ValueError) as problem:
        raise PurchaseError(
            f"{path.name} holds a value that cannot be read ({problem}).",
            fix=f"'{at}' must hold times such as 2026-03-01, '{amount}' numbers.",
        ) from None
    return pd.DataFrame({"customer": table[customer], "at": times, "amount": amounts})


def _at_the_rate_so_far(known: Histories, weeks: float) -> Numbers:
    return np.asarray(known.repeats / np.maximum(known.known_weeks, 1.0) * weeks)
