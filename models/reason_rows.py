"""The contacts of each profile that live reasons are given against: who is known, none judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.model_set import ALL_PROFILES
from models.planning import Labelled, SignalRows
from models.signals import Signal
from models.splits import Split

# The means at the nodes of a tree need no more; each costs time at every node.
_MOST_ROWS = 4000


def reason_rows(
    labelled: Labelled, splits: Mapping[Signal, Split], rows_of: Mapping[Signal, SignalRows]
) -> dict[str, NDArray[np.float32]]:
    """Return by profile (n, columns + offers) encoded presented contacts; of many, evenly taken.

    They are of the fit and the select part: no number that is learnt depends on a judged row.
    """
    if Signal.ACCEPT not in rows_of:
        return {}
    split = splits[Signal.ACCEPT]
    known = np.concatenate([split.fit, split.select])
    whose = labelled.profile[labelled.pairs[Signal.ACCEPT].row[known]]
    found = {}
    for profile in (ALL_PROFILES, *np.unique(whose).tolist()):
        own = known if profile == ALL_PROFILES else known[whose == profile]
        chosen = own[:: max(len(own) // _MOST_ROWS, 1)]
        found[str(profile)] = rows_of[Signal.ACCEPT].take(chosen).design()
    return found
