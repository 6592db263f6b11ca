"""Two or four weeks of hours whose outcomes hang together in time, with an effect if asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.experiments.totals import SlotTotals

HOURS = 24


@pytest.fixture(scope="session")
def slots() -> Callable[..., SlotTotals]:
    def _slots(seed: int, *, effect: float = 0.0, weeks: int = 2, busy: float = 80.0) -> SlotTotals:
        rng = np.random.default_rng(seed)
        day, hour = np.divmod(np.arange(weeks * 7 * HOURS), HOURS)
        coin = (day // 14 * 7 + day % 7) * (HOURS // 2) + hour // 2
        side = np.where((day // 7 + hour) % 2 == 0, 1, -1)
        on = (rng.integers(0, 2, coin.max() + 1) * 2 - 1)[coin] == side
        contacts = rng.poisson(busy, len(day)) + 1.0
        passing = np.zeros(len(day))
        for slot in range(1, len(day)):
            passing[slot] = 0.7 * passing[slot - 1] + rng.normal(0, 0.02)
        rate = 0.15 + 0.05 * np.sin(hour / 4) + 0.03 * (day % 7 > 4) + passing
        bought = rng.binomial(contacts.astype(int), np.clip(rate + effect * on, 0, 1)) * 1.0
        return SlotTotals(coin, side, on, day, hour, contacts, bought, bought * 90, bought * 8100)

    return _slots
