"""What could be seen of each customer of a chunk at any instant; it grows as sales are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.contract import ACTIVITY_KINDS
from pipelines.insurer.activity import Activity
from pipelines.insurer.attributions import Touches
from pipelines.insurer.demographics import EXPECTANT, Demographics, postcode_medians
from pipelines.insurer.events import Events
from pipelines.insurer.people import People, Places
from pipelines.insurer.span import NEVER_SECONDS, Flags, Floats, Wholes, days

COUNTED = ("enquiry", "missed_payment", "claim")
# Any event of these opens the stage: lead, new business, purchaser.
_OPENERS = (("enquiry",), ("application",), ("issue", "purchase"))


@dataclass(frozen=True, slots=True)
class Fields:
    """What demographics show of each customer: the individual's, else the postcode's median."""

    income: Floats
    age: Floats
    household_size: Floats
    home_owner: Floats


def shown_fields(people: People, *, places: Places, seen: Demographics) -> Fields:
    """Return the fields with the postcode standing in wherever the individual's are missing."""
    own = (seen.income, seen.age, seen.household_size, seen.home_owner)
    stand_in = (values[people.place] for values in postcode_medians(places))
    return Fields(
        *(
            np.where(seen.individual & ~np.isnan(mine), mine, coarse)
            for mine, coarse in zip(own, stand_in, strict=True)
        )
    )


class History:
    """Rows count from the instant they are known; `who` are rows of the chunk's people."""

    def __init__(
        self,
        *,
        fields: Fields,
        seen: Demographics,
        touches: Touches,
        activity: Activity,
        events: Events,
    ) -> None:
        size = fields.income.size
        self.fields = fields
        self._seen = seen
        self._touches = touches
        self._touch_keys = _keys(touches.who, touches.known)
        self._keys = {
            kind: _keys(activity.who[rows], activity.known[rows])
            for code, kind in enumerate(ACTIVITY_KINDS)
            for rows in (np.flatnonzero(activity.kind == code),)
        }
        self._keys |= {kind: np.empty(0, dtype=np.int64) for kind in COUNTED}
        self._opened = np.full((3, size), NEVER_SECONDS, dtype=np.int64)
        self.add(events)

    def add(self, events: Events) -> None:
        """Take in more events."""
        for kind in COUNTED:
            more = events.of(kind)
            if more.who.size:
                joined = np.concatenate((self._keys[kind], _keys(more.who, more.known)))
                self._keys[kind] = np.sort(joined)
        for opened, kinds in zip(self._opened, _OPENERS, strict=True):
            for kind in kinds:
                more = events.of(kind)
                np.minimum.at(opened, more.who, more.known)

    def count(self, kind: str, *, who: Wholes, at: Wholes, window_days: int) -> Wholes:
        """Return how many such rows of each customer lie in the days before the instant."""
        keys = self._keys[kind]
        upper = np.searchsorted(keys, _keys(who, at))
        lower = np.searchsorted(keys, _keys(who, np.maximum(at - days(window_days), 0)))
        return upper - lower

    def stage(self, who: Wholes, *, at: Wholes) -> tuple[Wholes, Wholes]:
        """Return the stage of each customer and the instant at which it was entered."""
        lead, new_business, purchaser = self._opened[:, who]
        stage = np.where(
            purchaser < at, 3, np.where(new_business < at, 2, np.where(lead < at, 1, 0))
        )
        entered = np.choose(stage, (np.zeros_like(lead), lead, new_business, purchaser))
        return stage, entered

    def expectant(self, who: Wholes, *, at: Wholes) -> Flags:
        """Return whether each customer is known to expect a child."""
        seen = self._seen
        latest = np.where(seen.changed_at[who] < at, seen.later_event[who], seen.life_event[who])
        return np.asarray((latest == EXPECTANT) & seen.individual[who])

    def media(self, who: Wholes, *, at: Wholes) -> tuple[Wholes, Wholes]:
        """Return the medium of each customer's first and last touch, -1 where there is none."""
        first = np.searchsorted(self._touch_keys, who << 32)
        after = np.searchsorted(self._touch_keys, _keys(who, at))
        touched = after > first
        medium = np.append(self._touches.medium, -1)
        return (
            np.where(touched, medium[first], -1),
            np.where(touched, medium[after - 1], -1),
        )


def _keys(who: Wholes, at: Wholes) -> Wholes:
    """Pack customer and instant into one sortable number."""
    return (who << 32) | at
