"""Performance is estimated before labels are ripe, and realised after; advice follows both."""

from __future__ import annotations

import numpy as np
import pytest

from models.judging.measures import auc
from models.watching.advice import Limits, Watched, reasons_of
from models.watching.page import page
from models.watching.performance import Foretold, Performance, estimated_auc, performance


def foretold(count: int, *, seed: int, spread: float = 1.2, flipped: float = 1.0) -> Foretold:
    """Calibrated probabilities of customers; `flipped` below 1 breaks what they say."""
    rng = np.random.default_rng(seed)
    score = rng.normal(-1.5, spread, count)
    truth = 1 / (1 + np.exp(-(flipped * (score + 1.5) - 1.5)))
    label = (rng.random(count) < truth).astype(np.float64)
    return Foretold(1 / (1 + np.exp(-score)), rng.integers(0, count, count), label)


def told(seed: int, **changed: float) -> Performance:
    now = foretold(3000, seed=seed + 10_000, **changed)
    return performance("accept", "lead", before=foretold(3000, seed=seed), fresh=now, ripe=now)


def watched(*found: Performance, age: float = 10.0) -> Watched:
    return Watched("7", "before", "now", 3000, age, (), (), found)


def reasons(*found: Performance, age: float = 10.0) -> tuple[str, ...]:
    return reasons_of(watched(*found, age=age), limits=Limits())


def test_the_estimate_is_the_auc_that_comes_when_probabilities_are_true() -> None:
    many = foretold(100_000, seed=1)
    assert many.label is not None
    assert estimated_auc(many).value == pytest.approx(auc(many.label, many.predicted), abs=0.01)


def test_quiet_months_advise_nothing() -> None:
    alarms = sum(bool(reasons(told(seed))) for seed in range(60))
    assert alarms <= 3


def test_callers_who_are_harder_to_tell_apart_are_seen_before_any_label() -> None:
    now = foretold(3000, seed=4, spread=0.5)
    early = Foretold(now.predicted, now.customer)
    none = Foretold(now.predicted[:0], now.customer[:0])
    found = performance("accept", "lead", before=foretold(3000, seed=5), fresh=early, ripe=none)
    assert found.realised is None
    assert any(reason.startswith("estimated AUC of accept, lead") for reason in reasons(found))


def test_a_relation_that_broke_is_seen_in_the_labels_alone() -> None:
    said = reasons(told(6, flipped=0.2))
    assert any(reason.startswith("realised AUC of accept, lead") for reason in said)
    assert not any(reason.startswith("estimated") for reason in said)


def test_a_jump_of_the_base_rate_is_seen_as_wrong_probabilities() -> None:
    now = foretold(3000, seed=7)
    assert now.label is not None
    more = np.where(np.random.default_rng(8).random(3000) < 0.15, 1.0, now.label)
    ripe = Foretold(now.predicted, now.customer, more)
    found = performance("accept", "lead", before=foretold(3000, seed=9), fresh=now, ripe=ripe)
    assert any(reason.startswith("probabilities of accept, lead") for reason in reasons(found))


def test_few_labels_say_nothing() -> None:
    few = foretold(60, seed=11)
    found = performance("keep", "lead", before=foretold(3000, seed=12), fresh=few, ripe=few)
    assert found.realised is None
    assert found.mean_label is not None


def test_an_old_champion_is_retrained_whatever_the_figures_say() -> None:
    assert reasons(age=200) == ("the champion learned until 200 days ago",)


def test_the_page_runs_nothing_and_escapes_names() -> None:
    text = page(watched(told(13)), limits=Limits()).replace("http-equiv", "")
    assert "<script" not in text
    assert "http" not in text
    assert "still fits" in text
