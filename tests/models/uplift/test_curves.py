"""The gain curve ends at the plain effect, rewards a good order and gives noise no credit."""

from __future__ import annotations

import numpy as np
import pytest

from models.uplift.curves import gain_curve
from models.uplift.effects import LogError, LoggedContacts, difference


def world(rng: np.random.Generator, *, contacts: int = 30_000) -> tuple[LoggedContacts, np.ndarray]:
    """Contacts of which half are helped by the offer and half put off; with their true uplift."""
    uplift = np.where(rng.random(contacts) < 0.5, 0.10, -0.06)
    action = rng.choice(3, size=contacts, p=(0.3, 0.5, 0.2))
    presented, nothing = action == 0, action == 1
    bought = (rng.random(contacts) < 0.10 + uplift * presented).astype(float)
    log = LoggedContacts(
        customer=np.arange(contacts),
        stage=np.full(contacts, "lead"),
        presented=presented,
        nothing=nothing,
        probability=np.choose(action, (0.3, 0.5, 0.2)),
        bought=bought,
        money=bought,
    )
    return log, uplift


def test_the_end_of_the_curve_is_the_plain_effect() -> None:
    log, uplift = world(np.random.default_rng(1))
    curve = gain_curve(log.bought, log=log, predicted=uplift)
    assert curve is not None
    effect = difference(log.bought, log=log)
    assert curve.share[0] == curve.gain[0] == 0.0
    assert curve.share[-1] == 1.0
    assert curve.gain[-1] == pytest.approx(effect.estimate)
    assert curve.low[-1] == pytest.approx(effect.low)
    assert curve.at_random[-1] == pytest.approx(effect.estimate)


def test_the_right_order_peaks_where_the_helped_end() -> None:
    log, uplift = world(np.random.default_rng(2))
    curve = gain_curve(log.bought, log=log, predicted=uplift)
    assert curve is not None
    assert curve.share[curve.gain.argmax()] == pytest.approx(0.5, abs=0.08)
    assert curve.gain.max() == pytest.approx(0.5 * 0.10, abs=0.012)


def test_the_right_order_lies_above_chance_and_the_reverse_below() -> None:
    log, uplift = world(np.random.default_rng(3))
    right = gain_curve(log.bought, log=log, predicted=uplift)
    reverse = gain_curve(log.bought, log=log, predicted=-uplift)
    assert right is not None
    assert reverse is not None
    # By hand: the curve rises to 0.05 at one half and falls to 0.02; the area above 0.02 s.
    assert right.area == pytest.approx(0.02, abs=0.006)
    assert reverse.area == pytest.approx(-right.area, abs=0.006)


def test_an_order_by_chance_earns_nothing() -> None:
    rng = np.random.default_rng(4)
    areas = []
    for _ in range(40):
        log, _ = world(rng, contacts=4000)
        curve = gain_curve(log.bought, log=log, predicted=rng.random(len(log)))
        assert curve is not None
        areas.append(curve.area)
    assert abs(np.mean(areas)) < 3 * np.std(areas) / np.sqrt(len(areas))


def test_the_band_holds_the_true_gain_at_one_half_in_95_of_100_worlds() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        log, uplift = world(rng, contacts=3000)
        curve = gain_curve(log.bought, log=log, predicted=uplift + rng.normal(0, 1e-6, len(log)))
        assert curve is not None
        half = int(np.argmin(np.abs(curve.share - 0.5)))
        held += curve.low[half] <= 0.05 <= curve.high[half]
    assert held / 200 >= 0.90


def test_contacts_without_a_known_outcome_are_left_out() -> None:
    log, uplift = world(np.random.default_rng(6))
    unknown = np.arange(len(log)) % 5 == 0
    outcome = np.where(unknown, np.nan, log.bought)
    curve = gain_curve(outcome, log=log, predicted=uplift)
    known = gain_curve(log.bought[~unknown], log=log.where(~unknown), predicted=uplift[~unknown])
    assert curve is not None
    assert known is not None
    assert curve.contacts == known.contacts == (~unknown).sum()
    np.testing.assert_array_equal(curve.gain, known.gain)


def test_too_few_contacts_draw_no_curve() -> None:
    log, uplift = world(np.random.default_rng(7), contacts=150)
    assert gain_curve(log.bought, log=log, predicted=uplift) is None


def test_a_prediction_per_contact_is_demanded() -> None:
    log, uplift = world(np.random.default_rng(8), contacts=500)
    with pytest.raises(LogError, match="499 predictions"):
        gain_curve(log.bought, log=log, predicted=uplift[:-1])
