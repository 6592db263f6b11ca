"""Whole choices for the customers at the margin, that keep every limit exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Flags, Floats
from routing.allocation.problem import MONEY_PARTS, PARTS, Prepared, Wholes

_SWEEPS = 30


@dataclass(frozen=True, slots=True)
class Moves:
    """Changes to one customer each: an offer out, another in; `nothing` is number m.

    `used` (M, L) and `money` (M,) are what each change adds, in parts; `loss` (M,) is the money
    it costs when the limits are priced.
    """

    customer: Wholes
    out: Wholes
    into: Wholes
    used: Wholes
    money: Wholes
    loss: Floats

    def take(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Moves:
        """Return the moves of these rows."""
        return Moves(
            self.customer[rows],
            self.out[rows],
            self.into[rows],
            self.used[rows],
            self.money[rows],
            self.loss[rows],
        )


class Repair:
    """Choices of K customers within `room` (L,), signed, in parts.

    `chosen` (K, m) are the choices so far, `used` (L,) what they use of the room.
    """

    def __init__(self, ready: Prepared, *, prices: Floats, room: Wholes) -> None:
        count, offers = ready.value.shape
        self.ready, self.prices, self.room = ready, prices, room
        self.usage = ready.all_usage()
        money = np.where(ready.open, ready.batch.added_value, 0.0) * ready.weight[:, None]
        self.money: Wholes = np.rint(money * MONEY_PARTS).astype(np.int64)
        picks, _ = ready.picks(prices)
        chosen = np.zeros((count, offers + 1), dtype=bool)
        chosen[np.arange(count)[:, None], picks] = True
        self.chosen: Flags = chosen[:, :-1].copy()

    @property
    def used(self) -> Wholes:
        """(L,) what the choices use together."""
        rows, offers = np.nonzero(self.chosen)
        return np.asarray(self.usage[rows, offers].sum(axis=0))

    @property
    def holds(self) -> bool:
        """Whether every limit is kept."""
        return bool((self.used <= self.room).all())

    @property
    def earned(self) -> int:
        """Money of the choices, in parts."""
        return int(self.money[self.chosen].sum())

    def run(self) -> bool:
        """Change choices until all limits hold, at least loss, then use what is left of them.

        Returns whether they hold.
        """
        for _ in range(_SWEEPS):
            if self.holds or not (self._relieve() or self._trade()):
                break
        if self.holds:
            for _ in range(_SWEEPS):
                if not self._improve():
                    break
        return self.holds

    def moves(self) -> Moves:
        """Return every change of one customer's choice by one offer out, one in, or both."""
        count, offers = self.chosen.shape
        open_in = self.ready.open & ~self.chosen
        has_place = self.chosen.sum(axis=1) < self.ready.places
        outs = np.column_stack([self.chosen, has_place])
        ins = np.column_stack([open_in, np.ones(count, dtype=bool)])
        allowed = outs[:, :, None] & ins[:, None, :]
        allowed[:, offers, offers] = False
        customer, out, into = np.nonzero(allowed)
        usage = np.concatenate([self.usage, np.zeros_like(self.usage[:, :1])], axis=1)
        money = np.column_stack([self.money, np.zeros(count, dtype=np.int64)])
        used = usage[customer, into] - usage[customer, out]
        earned = money[customer, into] - money[customer, out]
        loss = (used @ self.prices) / PARTS - earned / MONEY_PARTS
        return Moves(customer, out, into, used, earned, loss)

    def _relieve(self) -> bool:
        """Take the cheapest moves that bring the worst broken limit within; whether any was."""
        over = self.used - self.room
        share = np.where(over > 0, over / np.maximum(np.abs(self.room), 1), 0.0)
        moves = self.moves()
        for number in np.argsort(-share):
            if share[number] <= 0.0:
                return False
            fits = _fits_but(moves.used, int(number), limit=np.maximum(-over, 0))
            rows = np.flatnonzero(fits & (moves.used[:, number] < 0))
            helped = np.minimum(-moves.used[rows, number], over[number]) / PARTS
            score = moves.loss[rows] / np.maximum(helped, 1e-12)
            order = rows[np.lexsort((self.ready.draw[moves.customer[rows]], score))]
            if self._take(moves.take(order), until=int(number)):
                return True
        return False

    def _trade(self) -> bool:
        """Take moves that lessen what is missed in all, one limit at another's cost."""
        size = np.maximum(np.abs(self.room), self.usage.max(axis=(0, 1), initial=1)).astype(float)
        moves, used = self.moves(), self.used
        missed = float((np.maximum(used - self.room, 0) / size).sum())
        after = np.maximum(used[None, :] + moves.used - self.room[None, :], 0) / size
        helped = missed - after.sum(axis=1)
        rows = np.flatnonzero(helped > 1e-12)
        score = np.maximum(moves.loss[rows], 0.0) / helped[rows]
        order = rows[np.lexsort((self.ready.draw[moves.customer[rows]], score))]
        touched: set[int] = set()
        for row in order.tolist():
            customer = int(moves.customer[row])
            left = float((np.maximum(used + moves.used[row] - self.room, 0) / size).sum())
            if customer in touched or left > missed - 0.5 * helped[row]:
                continue
            self._apply(customer, int(moves.out[row]), int(moves.into[row]))
            used, missed = used + moves.used[row], left
            touched.add(customer)
        return bool(touched)

    def _improve(self) -> bool:
        """Take the moves that add money and fit, the best by prices first; whether any was."""
        moves = self.moves()
        left = self.room - self.used
        rows = np.flatnonzero((moves.money > 0) & (moves.used <= left[None, :]).all(axis=1))
        order = np.lexsort((self.ready.draw[moves.customer[rows]], moves.loss[rows]))
        return self._take(moves.take(rows[order]), until=None)

    def _take(self, moves: Moves, *, until: int | None) -> bool:
        """Take moves in turn, one a customer, that break no limit more; whether any was taken."""
        used = self.used
        touched: set[int] = set()
        for customer, out, into, more in zip(
            moves.customer.tolist(),
            moves.out.tolist(),
            moves.into.tolist(),
            moves.used,
            strict=True,
        ):
            if until is not None and used[until] <= self.room[until]:
                break
            after = used + more
            if customer in touched or (after > np.maximum(self.room, used)).any():
                continue
            used = after
            touched.add(customer)
            self._apply(customer, out, into)
        return bool(touched)

    def _apply(self, customer: int, out: int, into: int) -> None:
        if out < self.chosen.shape[1]:
            self.chosen[customer, out] = False
        if into < self.chosen.shape[1]:
            self.chosen[customer, into] = True


def _fits_but(used: Wholes, number: int, *, limit: Wholes) -> Flags:
    """Return (M,): does the move fit every limit but this one."""
    fits = used <= limit[None, :]
    fits[:, number] = True
    return np.asarray(fits.all(axis=1))
