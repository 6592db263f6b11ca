from __future__ import annotations

import numpy as np
import pytest

from models.experiments.hold_back import hold_back_effect


def people(seed: int, *, gain: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, customer and held: customers differ, and call several times each."""
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(1500), rng.integers(1, 6, 1500))
    held_back = rng.random(1500) < 0.2
    liking = rng.beta(1, 6, 1500)
    held = held_back[customer]
    rate = np.clip(liking[customer] + gain * ~held, 0, 1)
    return (rng.random(len(customer)) < rate) * 1.0, customer, held


def test_the_interval_holds_what_the_others_gain() -> None:
    found = 0
    for seed in range(200):
        outcome, customer, held = people(seed, gain=0.05)
        judged = hold_back_effect(outcome, customer=customer, held=held)
        assert judged is not None
        found += judged.low <= 0.05 <= judged.high
    assert 0.90 <= found / 200 <= 0.985


def test_two_contacts_of_one_person_are_not_two_people() -> None:
    outcome, customer, held = people(1, gain=0.0)
    once = hold_back_effect(outcome, customer=customer, held=held)
    twice = hold_back_effect(
        np.tile(outcome, 2), customer=np.tile(customer, 2), held=np.tile(held, 2)
    )
    assert once and twice
    assert twice.error == pytest.approx(once.error)


def test_too_few_held_back_say_nothing() -> None:
    outcome, customer, held = people(2, gain=0.0)
    assert hold_back_effect(outcome, customer=customer, held=held & (customer < 50)) is None
