from __future__ import annotations

import numpy as np
import pytest

from models.uplift.effects import LogError, LoggedContacts, difference
from models.uplift.log_scores import log_scores
from tests.uplift_world import World, world


def log_of(made: World, offer: int = 0) -> LoggedContacts:
    rows = made.rows
    return LoggedContacts(
        customer=rows.customer,
        stage=np.full(len(rows), "lead"),
        presented=rows.action == offer,
        nothing=rows.action < 0,
        probability=rows.taken,
        bought=rows.outcome,
        money=rows.outcome,
    )


def test_scores_average_to_the_effect_and_to_the_outcome_with_nothing() -> None:
    made = world(20_000, seed=1, offers=2, uneven=True)
    log = log_of(made)
    scores = log_scores(log.bought, log=log)
    assert scores.effect.mean() == pytest.approx(difference(log.bought, log=log).estimate, abs=1e-9)
    assert scores.nothing.mean() == pytest.approx(made.baseline.mean(), abs=0.02)


def test_scores_of_a_part_average_to_the_effect_on_that_part() -> None:
    made = world(40_000, seed=2, offers=2)
    log = log_of(made)
    part = made.rows.matrix[:, 0] > 0.5
    error = log_scores(log.bought, log=log).effect[part].std() / np.sqrt(part.sum())
    found = log_scores(log.bought, log=log).effect[part].mean()
    assert abs(found - made.effects[part, 0].mean()) < 4 * error


def test_a_log_without_the_offer_is_refused() -> None:
    log = log_of(world(300, seed=3), offer=5)
    with pytest.raises(LogError, match="no contact to compare"):
        log_scores(log.bought, log=log)
