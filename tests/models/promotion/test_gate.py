"""A challenger may become champion only when it is no worse where it matters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.promotion.gate import JudgedRows, judge
from models.promotion.gate_file import GateSettings, Overall, Profiles

PROFILES = ("prospect", "lead", "purchaser")


def rows_of(
    generator: np.random.Generator, *, champion_noise: float = 0.0, count: int = 3000
) -> JudgedRows:
    """Labels drawn from the challenger's probabilities; the champion sees them through noise."""
    log_odds = generator.normal(-1.0, 1.0, count)
    probability = 1 / (1 + np.exp(-log_odds))
    seen = log_odds + generator.normal(0.0, champion_noise, count)
    return JudgedRows(
        profile=np.array(PROFILES)[np.arange(count) % 3],
        label=(generator.random(count) < probability).astype(np.float64),
        challenger=probability,
        champion=1 / (1 + np.exp(-seen)),
    )


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(5)


def spoilt(rows: JudgedRows, profile: str, generator: np.random.Generator) -> JudgedRows:
    def shuffled(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found = values.copy()
        chosen = np.flatnonzero(rows.profile == profile)
        found[chosen] = generator.permutation(found[chosen])
        return found

    return JudgedRows(rows.profile, rows.label, shuffled(rows.challenger), rows.champion)


def test_a_better_model_passes(generator: np.random.Generator) -> None:
    report = judge(rows_of(generator, champion_noise=1.0), settings=GateSettings())
    assert report.holds
    assert [rule.name for rule in report.rules][:5] == [
        "overall log loss",
        "overall AUC",
        "profile lead",
        "profile prospect",
        "profile purchaser",
    ]


def test_an_equal_model_passes(generator: np.random.Generator) -> None:
    assert judge(rows_of(generator), settings=GateSettings()).holds


def test_an_equal_model_is_refused_when_a_gain_is_asked_for(
    generator: np.random.Generator,
) -> None:
    report = judge(rows_of(generator), settings=GateSettings(overall=Overall(least_gain=0.001)))
    assert [rule.name for rule in report.failing] == ["overall log loss", "overall AUC"]


def test_the_first_model_passes_with_no_champion(generator: np.random.Generator) -> None:
    rows = rows_of(generator)
    report = judge(
        JudgedRows(rows.profile, rows.label, rows.challenger, None), settings=GateSettings()
    )
    assert report.holds
    assert "no champion yet" in report.rules[0].sentence


def test_a_worse_profile_is_refused_though_the_model_is_better_overall(
    generator: np.random.Generator,
) -> None:
    rows = rows_of(generator, champion_noise=3.0, count=9000)
    lead = rows.profile == "lead"
    assert rows.champion is not None
    rows.champion[lead] = rows.challenger[lead]
    report = judge(spoilt(rows, "lead", generator), settings=GateSettings())
    assert [rule.name for rule in report.failing] == ["profile lead", "calibration lead"]
    assert report.failing[0].sentence.startswith("AUC of lead: challenger 0.49")


def test_a_profile_within_the_margin_passes(generator: np.random.Generator) -> None:
    rows = rows_of(generator)
    report = judge(
        spoilt(rows, "lead", generator),
        settings=GateSettings(
            overall=Overall(least_gain=-1.0), profiles=Profiles(most_loss=0.9), calibration=None
        ),
    )
    assert report.holds


def test_a_profile_with_too_few_rows_is_said_to_be_unjudged(
    generator: np.random.Generator,
) -> None:
    rows = rows_of(generator)
    rows.profile[:10] = "other"
    report = judge(rows, settings=GateSettings())
    assert report.holds
    assert "too few to compare" in {r.name: r for r in report.rules}["profile other"].sentence


def test_no_rows_at_all_is_a_refusal() -> None:
    nothing = np.zeros(0)
    empty = JudgedRows(np.zeros(0, dtype=np.str_), nothing, nothing, nothing)
    assert not judge(empty, settings=GateSettings()).holds
