"""The customers of all partners as allocation takes them: one column per offer that is sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.stored_scores import scores_of
from routing.allocation.batch import CustomerBatch, Flags, Floats
from routing.allocation.limits import ContactCap, Limits, RestDays
from routing.allotment import column_of
from routing.forming import Rules
from routing.offers import Offer, rank
from routing.value_groups import group_name, group_numbers

VIEW = "scored_with_habits"
_VIEW = f"""
CREATE TEMP VIEW {VIEW} AS
SELECT s.*, h.presented, h.contacts_a_day, r.days_since
FROM scored AS s JOIN habits AS h USING (partner, customer_id)
LEFT JOIN rests AS r USING (partner, customer_id)
"""


@dataclass(frozen=True, slots=True)
class Columns:
    """The offers of all partners side by side; `of` says which columns are a partner's."""

    offers: tuple[Offer, ...]
    of: Mapping[str, NDArray[np.intp]]

    @classmethod
    def united(cls, offers: Mapping[str, Sequence[Offer]]) -> Columns:
        """Return one column for each offer that is sold, shared by partners who sell the same."""
        found: dict[tuple[str, str, float], Offer] = {}
        for mine in offers.values():
            for offer in mine:
                found.setdefault(column_of(offer), offer)
        places = {key: number for number, key in enumerate(found)}
        return cls(
            tuple(found.values()),
            {
                partner: np.array([places[column_of(offer)] for offer in mine], dtype=np.intp)
                for partner, mine in offers.items()
            },
        )

    def spread(self, values: NDArray[Any], *, partner: str) -> NDArray[Any]:
        """Return (n, m) of the partner's (n, k) values, 0 or False at offers it does not sell."""
        wide = np.zeros((len(values), len(self.offers)), dtype=values.dtype)
        wide[:, self.of[partner]] = values
        return wide


def add_view(connection: duckdb.DuckDBPyConnection, *, columns: Columns) -> None:
    """Add the view of scored customers with their habits, to a session that has learned them."""
    ids = [offer.offer_id for offer in columns.offers]
    since = ", ".join("min(days) FILTER (offer_id = ?)" for _ in ids)
    connection.execute(
        f"CREATE TEMP TABLE rests AS SELECT partner, customer_id, [{since}] AS days_since"
        " FROM last_presented GROUP BY ALL",
        ids,
    )
    connection.execute(_VIEW)


def batch_of(
    rows: pa.RecordBatch,
    *,
    rules: Rules,
    columns: Columns,
    limits: Limits,
    weekday_shares: Floats,
) -> CustomerBatch:
    """Return the customers of some rows of the view, all of one partner."""
    scores = scores_of(rows, offers=rules.offers)
    asked_not_to = _flags(rows.column("do_not_offer"))
    ranking = rank(
        rules.offers,
        scores=scores,
        stages=np.array(rows.column("stage").to_pylist(), dtype=np.str_),
        do_not_offer=asked_not_to,
    )
    kept = ranking.uplift * (1.0 - np.nan_to_num(scores.lapse))
    relevant = ranking.known & (ranking.uplift > 0.0) & ~ranking.barred

    def wide(values: NDArray[Any]) -> NDArray[Any]:
        return columns.spread(values, partner=rules.partner)

    return CustomerBatch(
        customer_ids=np.array(rows.column("customer_id").to_pylist(), dtype=np.str_),
        added_value=wide(ranking.added_value),
        accept=wide(np.nan_to_num(scores.accept)),
        eligible=wide(ranking.eligible),
        relevant=wide(relevant),
        contacts=_floats(rows.column("contacts_a_day")) * limits.horizon_days,
        asked_not_to=asked_not_to,
        pool=_pools(_floats(rows.column("grouping_value")), cuts=rules.cuts),
        partner=np.full(len(rows), rules.partner),
        weekday_shares=weekday_shares,
        presented=_floats(rows.column("presented")) if _has(limits, ContactCap) else None,
        days_since_presented=_since(rows, width=len(columns.offers))
        if _has(limits, RestDays)
        else None,
        kept_uplift=wide(np.where(ranking.known, kept, 0.0)),
    )


def _has(limits: Limits, kind: type) -> bool:
    return any(isinstance(one, kind) for one in limits.own)


def _pools(value: Floats, *, cuts: tuple[float, ...]) -> NDArray[np.str_]:
    names = np.array([group_name(number) for number in range(len(cuts) + 1)], dtype=np.str_)
    return np.asarray(names[group_numbers(value, cuts=cuts)])


def _floats(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _flags(column: pa.Array) -> Flags:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)


def _since(rows: pa.RecordBatch, *, width: int) -> Floats:
    """Return (n, m) days since each offer was presented, infinite where never."""
    never = [np.inf] * width
    found = [
        [np.inf if days is None else days for days in row] if row else never
        for row in rows.column("days_since").to_pylist()
    ]
    return np.array(found, dtype=np.float64).reshape(len(rows), width)
