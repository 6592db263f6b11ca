from __future__ import annotations

import numpy as np
import pytest

from models.uplift.at_share import uplift_at
from models.uplift.effects import LogError
from models.uplift.qini import auuc, auuc_interval, ordered, qini, qini_curve, qini_interval

# Printed by scikit-uplift 0.5.1 through benchmarks/peers/qini_values.py.
STORED = [
    (1, 40, False, 0.3876568626203183, 0.1793021323864337, 0.7142857142857143),
    (2, 200, True, 0.12767786212561547, 0.12019536085019862, 0.34312573443008226),
    (3, 1000, False, 0.22380265916148973, 0.183854487966814, 0.3519430760810071),
    (4, 1000, True, 0.14457858076362287, 0.12349542904194376, 0.23375963802576297),
]


def sequence(count: int, seed: int) -> np.ndarray:
    found, state = np.empty(count), seed
    for place in range(count):
        state = (1103515245 * state + 12345) % 2**31
        found[place] = state / 2**31
    return found


def case(seed: int, count: int, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, presented and score as benchmarks/peers/qini_values.py makes them."""
    draws = sequence(4 * count, seed).reshape(4, count)
    presented = draws[0] < 0.4
    chance = 0.2 + 0.3 * presented * (draws[1] > 0.5)
    outcome = (draws[2] < chance).astype(np.float64)
    return outcome, presented, np.round(draws[1], 1) if ties else draws[1]


@pytest.mark.parametrize(("seed", "count", "ties", "by_qini", "by_auuc", "at_30"), STORED)
def test_the_numbers_are_those_of_scikit_uplift(
    seed: int, count: int, ties: bool, by_qini: float, by_auuc: float, at_30: float
) -> None:
    outcome, presented, score = case(seed, count, ties)
    assert qini(outcome, presented=presented, score=score) == pytest.approx(by_qini, abs=1e-12)
    assert auuc(outcome, presented=presented, score=score) == pytest.approx(by_auuc, abs=1e-12)
    found = uplift_at(
        outcome, presented=presented, score=score, share=0.3, customer=np.arange(count)
    )
    assert found.value == pytest.approx(at_30, abs=1e-12)


def test_by_hand() -> None:
    outcome = np.array([1.0, 0.0, 0.0, 1.0])
    presented = np.array([True, False, True, False])
    score = np.array([4.0, 3.0, 2.0, 1.0])
    count, curve = qini_curve(ordered(outcome, presented=presented, score=score))
    assert count.tolist() == [0, 1, 2, 3, 4]
    # 1 with the offer bought; no one without yet; at the end 1 - 1 * 2 / 2.
    assert curve.tolist() == [0, 1, 1, 1, 0]

    assert qini(outcome, presented=presented, score=score) == pytest.approx(1.0)


def test_the_reverse_of_the_perfect_order_is_worse_than_chance() -> None:
    outcome, presented, _ = case(3, 1000, False)
    ideal = np.where(presented, outcome, -outcome)
    assert qini(outcome, presented=presented, score=ideal) == pytest.approx(1.0)
    assert qini(outcome, presented=presented, score=-ideal) < -0.5


def test_weights_count_contacts() -> None:
    outcome, presented, score = case(2, 200, True)
    twice = np.r_[np.arange(200), np.arange(50)]
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    order = ordered(outcome, presented=presented, score=score)
    doubled = ordered(outcome[twice], presented=presented[twice], score=score[twice])
    for first, second in zip(qini_curve(order, weight=weight), qini_curve(doubled), strict=True):
        assert np.allclose(first, second)


def test_money_has_a_qini_and_no_auuc() -> None:
    outcome, presented, score = case(3, 1000, False)
    money = outcome * 12.5
    same = qini(outcome, presented=presented, score=score)
    assert qini(money, presented=presented, score=score) == pytest.approx(same)
    with pytest.raises(LogError, match="outcomes 0 and 1"):
        auuc(money, presented=presented, score=score)


@pytest.mark.parametrize("interval", [qini_interval, auuc_interval])
def test_the_interval_holds_the_value_of_many_contacts(interval: object) -> None:
    measure = qini if interval is qini_interval else auuc
    outcome, presented, score = case(9, 60_000, False)
    true = measure(outcome, presented=presented, score=score)
    held = 0
    for part in np.array_split(np.arange(60_000), 40):
        found = interval(  # type: ignore[operator]
            outcome[part],
            presented=presented[part],
            score=score[part],
            customer=part,
            rng=np.random.default_rng(1),
            replicates=100,
        )
        held += found.low <= true <= found.high
    # 95 % of 40 are 38; fewer than 34 happen in one of 100 such samples.
    assert held >= 34


def test_one_kind_of_contact_alone_is_refused() -> None:
    outcome, presented, score = case(1, 40, False)
    with pytest.raises(LogError, match="no contact to compare with"):
        qini(outcome[presented], presented=presented[presented], score=score[presented])


def test_a_share_without_a_comparison_is_refused() -> None:
    outcome, presented, score = case(1, 40, False)
    for share in (0.0, 0.02, 1.5):
        with pytest.raises(LogError):
            uplift_at(
                outcome, presented=presented, score=score, share=share, customer=np.arange(40)
            )
