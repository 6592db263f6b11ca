from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.experiments.arrivals import arrivals_p
from models.experiments.totals import SlotTotals


def test_contacts_that_only_count_in_one_arm_are_noticed(
    slots: Callable[..., SlotTotals],
) -> None:
    fair = [
        arrivals_p(slots(seed), rng=np.random.default_rng(seed), draws=199) for seed in range(60)
    ]
    assert np.mean(np.array(fair) <= 0.05) <= 0.15
    totals = slots(1)
    fewer = replace(totals, contacts=np.ceil(totals.contacts * np.where(totals.on, 1.0, 0.9)))
    assert arrivals_p(fewer, rng=np.random.default_rng(1)) < 0.01
