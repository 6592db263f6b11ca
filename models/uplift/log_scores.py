"""Effect scores of the log of one offer, where only the probability of what was done is known.

With m1 and m0 the mean outcome with the offer and with nothing, p the logged probability,

    effect = m1 - m0 + [offer] (y - m1) / p - [nothing] (y - m0) / p,
    nothing = m0 + [nothing] (y - m0) / p.

They are doubly robust scores (models.uplift.doubly_robust) with the plain means for outcome models:
their mean over any contacts chosen beforehand is the effect on these, without bias where the
probabilities are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.uplift.effects import LogError, LoggedContacts, Numbers, influence


@dataclass(frozen=True, slots=True)
class LogScores:
    """(n,) scores of one offer's log: of its effect, and of the outcome with nothing."""

    effect: Numbers
    nothing: Numbers


def log_scores(outcome: Numbers, *, log: LoggedContacts) -> LogScores:
    """Return the scores of (n,) outcomes; raises LogError without contacts to compare."""
    if not (log.presented.any() and log.nothing.any()):
        raise LogError(
            "There is no contact to compare with.",
            fix="Log contacts with this offer, and some with nothing presented.",
        )
    mean_with, mean_without, _ = influence(
        outcome, presented=log.presented, nothing=log.nothing, probability=log.probability
    )
    used = log.presented | log.nothing
    weight = np.zeros(len(log))
    weight[used] = 1.0 / log.probability[used]
    of_nothing = np.where(log.nothing, weight * (outcome - mean_without), 0.0)
    of_offer = np.where(log.presented, weight * (outcome - mean_with), 0.0)
    return LogScores(
        np.asarray(mean_with - mean_without + of_offer - of_nothing),
        np.asarray(mean_without + of_nothing),
    )
