from __future__ import annotations

import numpy as np

from features.contract import Kind
from models.uplift.benefits import Benefit, who_benefits


def found(effect_of_movers: float, *, count: int = 8000) -> tuple[Benefit, ...]:
    rng = np.random.default_rng(4)
    event = rng.choice(np.array(["moved house", "none"], dtype=object), count)
    columns = {"life_event": event, "age": rng.normal(50, 10, count)}
    scores = np.where(event == "moved house", effect_of_movers, 0.0) + rng.normal(size=count)
    return who_benefits(
        columns,
        scores,
        kinds={"life_event": Kind.NOMINAL, "age": Kind.CONTINUOUS},
        customer=np.arange(count) // 2,
        rng=np.random.default_rng(0),
    )


def test_those_who_benefit_are_named_and_measured_on_others() -> None:
    first = found(0.5)[0]
    assert (first.text, first.more) == ("life event = moved house", True)
    assert first.effect.low < 0.5 < first.effect.high
    # Half of the customers were searched; half of the others moved house.
    assert 1700 < first.contacts < 2300


def test_the_others_stand_among_those_who_benefit_less() -> None:
    less = [each for each in found(0.5) if not each.more]
    assert less[0].text == "life event = none"
    assert less[0].effect.high < 0.15


def test_without_differences_the_measured_effects_are_about_nothing() -> None:
    for each in found(0.0):
        assert abs(each.effect.value) < 0.12


def test_few_contacts_name_nobody() -> None:
    assert found(0.5, count=600) == ()
