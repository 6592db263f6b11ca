"""The same problem told to HiGHS, and to a search through every choice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from routing.allocation.batch import CustomerBatch
from routing.allocation.limits import AgentMinutes, Budget, Counts, MinimumShare, OfferStock
from routing.allocation.problem import Problem

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Stated:
    """Maximise money x within use x <= bound and places; one column per open customer and offer.

    Written from the documentation of the limits, not from the package's own arithmetic.
    """

    money: NDArray[np.float64]
    use: NDArray[np.float64]
    bound: NDArray[np.float64]
    row: NDArray[np.intp]
    offer: NDArray[np.intp]
    places: NDArray[np.float64]


def stated(
    problem: Problem, batch: CustomerBatch, *, cap: float = 3.0, rest: float = 30.0
) -> Stated:
    """Return the problem with the cap and rest of the tests' worlds."""
    room = np.maximum(cap - batch.presented, 0.0)
    weight = np.minimum(batch.contacts, room)
    places = np.minimum(
        problem.limits.offers_per_contact, np.floor(room / np.maximum(weight, 1e-300))
    )
    places[room <= 0] = 0
    may = batch.eligible & batch.relevant & (batch.days_since_presented >= rest)
    may &= (~batch.asked_not_to & (room > 0))[:, None]
    row, offer = np.nonzero(may)
    uses, bounds = [], []
    for limit in problem.limits.shared:
        each, bound = _use(limit, problem, batch, row, offer, weight)
        uses.append(each)
        bounds.append(bound)
    return Stated(
        money=weight[row] * batch.added_value[row, offer],
        use=np.array(uses),
        bound=np.array(bounds),
        row=row,
        offer=offer,
        places=places,
    )


def _use(limit, problem, batch, row, offer, weight):  # type: ignore[no-untyped-def]
    ids = np.array([each.offer_id for each in problem.offers])[offer]
    contacts = weight[row]
    match limit:
        case AgentMinutes():
            minutes = np.array([problem.presentation_minutes[each] for each in ids])
            licence = np.array([each.licence for each in problem.offers])[offer]
            fits = np.ones(len(row))
            if limit.pool:
                fits = fits * (batch.pool[row] == limit.pool)
            if limit.licence:
                fits = fits * (licence == limit.licence)
            if limit.weekday:
                fits = fits * batch.weekday_shares[WEEKDAYS.index(limit.weekday)]
            return contacts * minutes * fits, limit.at_most
        case OfferStock():
            taken = batch.accept[row, offer] if limit.counts is Counts.ACCEPTANCES else 1.0
            return contacts * taken * (ids == limit.offer), limit.at_most
        case Budget():
            cost = np.array([each.presentation_cost for each in problem.offers])[offer]
            named = np.isin(ids, limit.offers) if limit.offers else np.ones(len(ids))
            return contacts * cost * named, limit.at_most
        case MinimumShare():
            named = np.isin(ids, limit.offers) if limit.offers else np.ones(len(ids))
            whose = (batch.partner[row] == limit.partner) if limit.partner else 1.0
            return -contacts * named * whose, -limit.at_least * batch.contacts.sum()


def matrix_of(said: Stated, count: int) -> csr_array:
    columns = np.arange(len(said.row))
    places = csr_array((np.ones(len(columns)), (said.row, columns)), shape=(count, len(columns)))
    return vstack([csr_array(said.use), places]).tocsr()


def relaxed(said: Stated, count: int):  # type: ignore[no-untyped-def]
    """Return HiGHS' answer to the linear relaxation."""
    bounds = np.concatenate([said.bound, said.places])
    return linprog(-said.money, A_ub=matrix_of(said, count), b_ub=bounds, bounds=(0, 1))


def whole(said: Stated, count: int):  # type: ignore[no-untyped-def]
    """Return HiGHS' answer in whole choices."""
    bounds = np.concatenate([said.bound, said.places])
    return milp(
        -said.money,
        constraints=LinearConstraint(matrix_of(said, count), ub=bounds),
        integrality=np.ones(len(said.row)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )


def best_by_trying_all(said: Stated, count: int) -> float | None:
    """Return the most money over every choice that keeps the limits, or None."""
    sets = []
    for row in range(count):
        mine = np.flatnonzero(said.row == row)
        sizes = range(int(said.places[row]) + 1)
        sets.append([list(each) for size in sizes for each in combinations(mine, size)])
    best = None
    for choice in product(*sets):
        columns = [column for each in choice for column in each]
        if (said.use[:, columns].sum(axis=1) <= said.bound + 1e-12).all():
            money = float(said.money[columns].sum())
            best = money if best is None else max(best, money)
    return best
