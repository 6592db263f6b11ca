"""One profile's logged contacts in three parts, and who answers for what offers add to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.planning import Labelled
from models.signals import Signal
from models.splits import Split
from models.uplift.learners.contract import Learner
from models.uplift.logged_chances import logged_chances
from models.uplift.nested_election import OWN, NestedElection
from models.uplift.presented import PresentedRows


@dataclass(frozen=True, slots=True)
class ProfileEffects:
    """One profile: its logged contacts in three parts, the election, and who answers.

    `at_row` are the rows of the training frame behind `rows`; `split` cuts `rows`. `learner` is
    fitted on fit and select part; None where no learner answers. `election` is None where there
    was none to hold; `why` says so.
    """

    profile: str
    rows: PresentedRows
    at_row: NDArray[np.intp]
    split: Split
    election: NestedElection | None = None
    learner: Learner | None = None
    why: str = ""

    @property
    def name(self) -> str:
        """Who answers: a learner, the set's own models, or no one."""
        return OWN if self.election is None else self.election.name

    @property
    def judge(self) -> PresentedRows:
        """The contacts that took no part in fitting or electing."""
        return self.rows.take(self.split.judge)


def profile_effects(
    labelled: Labelled,
    splits: Mapping[Signal, Split],
    matrix: NDArray[np.float32],
    *,
    profile: str,
) -> ProfileEffects:
    """Return the logged contacts of a profile, cut into the parts of the set's own models.

    The select part begins where both acceptance and baseline begin theirs, the judge part
    likewise: no model has seen a contact that it is held against.
    """
    logged = labelled.logged
    assert logged is not None
    own = np.flatnonzero(labelled.profile[logged.row] == profile)
    row = logged.row[own]
    whose = row if labelled.customer is None else labelled.customer[row]
    customer = np.unique(whose, return_inverse=True)[1].astype(np.int64)
    at = np.zeros(len(own), dtype=np.int64) if labelled.at is None else labelled.at[row]
    chances = logged_chances(
        matrix[row],
        action=logged.action[own],
        eligible=logged.eligible[own],
        probability=logged.probability[own],
        customer=customer,
        rng=np.random.default_rng(0),
    )
    rows = PresentedRows(
        matrix[row],
        logged.action[own],
        chances,
        logged.eligible[own],
        logged.outcome[own],
        customer,
        at.astype(np.int64),
    )
    part = _part(labelled, splits)[row]
    split = Split(*(np.flatnonzero(part == number) for number in range(3)))
    return ProfileEffects(profile, rows, row, split)


def _part(labelled: Labelled, splits: Mapping[Signal, Split]) -> NDArray[np.intp]:
    """Return which part each row of the frame lies in: 0 fit, 1 select, 2 judge, -1 none."""
    whose = [s for s in (Signal.ACCEPT, Signal.BASELINE) if s in splits] or list(splits)
    held = [(labelled.pairs[signal].row, splits[signal]) for signal in whose]
    if labelled.at is None:
        part = np.full(len(labelled.ids), -1, dtype=np.intp)
        for row, split in held:
            for number, chosen in enumerate((split.fit, split.select, split.judge)):
                part[row[chosen]] = number
        return part
    at = labelled.at
    first = max(at[row[split.select]].min() for row, split in held)
    judged = [at[row[split.judge]].min() for row, split in held if len(split.judge)]
    second = max(judged) if judged else at.max() + 1
    return np.asarray((at >= first).astype(np.intp) + (at >= second), dtype=np.intp)
