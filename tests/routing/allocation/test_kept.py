"""A kept allocation answers a what-if like the one it was made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from routing.allocation.batch import CustomerBatch
from routing.allocation.change import LimitChange, MarginChange
from routing.allocation.choose import allocate
from routing.allocation.errors import SurveyFileError
from routing.allocation.kept import Kept, read_kept, write_kept
from routing.allocation.limits import (
    AgentMinutes,
    Budget,
    ContactCap,
    Counts,
    Limits,
    MinimumShare,
    OfferStock,
    RestDays,
)
from routing.allocation.problem import Problem
from routing.allocation.survey import survey
from routing.allocation.what_if import what_if
from routing.offers import Offer

OFFERS = tuple(
    Offer(name, name, margin, 2.0, 9.0, licence, frozenset({"lead"}), 90)
    for name, margin, licence in (("life", 400.0, "life"), ("home", 200.0, "property"))
)
LIMITS = Limits(
    shared=(
        AgentMinutes(at_most=200.0, pool="first", licence="life", weekday="monday"),
        OfferStock(30.0, "home", Counts.PRESENTATIONS),
        Budget(300.0, ("life",)),
        MinimumShare(0.05, ("home",), "main"),
    ),
    own=(ContactCap(2.0), RestDays(10.0, ("life",))),
    presentation_minutes={"life": 6.0, "home": 4.0},
)


def _customers(count: int = 600) -> CustomerBatch:
    rng = np.random.default_rng(3)
    uplift = rng.uniform(0.0, 0.3, (count, 2))
    return CustomerBatch(
        customer_ids=np.array([f"c{number}" for number in range(count)]),
        added_value=uplift * np.array([400.0, 200.0]) - 2.0,
        accept=uplift + 0.05,
        eligible=rng.random((count, 2)) < 0.9,
        relevant=np.ones((count, 2), dtype=bool),
        contacts=rng.exponential(0.5, count),
        asked_not_to=rng.random(count) < 0.05,
        pool=np.where(rng.random(count) < 0.3, "first", "second"),
        partner=np.full(count, "main"),
        weekday_shares=np.full(7, 1 / 7),
        presented=np.zeros(count),
        days_since_presented=np.where(rng.random((count, 2)) < 0.9, np.inf, 3.0),
        kept_uplift=uplift * 0.9,
    )


@pytest.fixture(scope="module")
def kept() -> Kept:
    batch = _customers()
    found = allocate(lambda: [batch], problem=Problem(OFFERS, LIMITS))
    return Kept(survey(lambda: [batch], offers=2), found)


@pytest.fixture
def path(kept: Kept, tmp_path: Path) -> Path:
    target = tmp_path / "limits_survey.npz"
    with target.open("wb") as file:
        write_kept(file, kept, label="2026-11-22.1")
    return target


def test_what_is_read_answers_as_what_was_written(kept: Kept, path: Path) -> None:
    label, read = read_kept(path)
    assert label == "2026-11-22.1"
    changes = (MarginChange("life", 20.0), LimitChange("budget life", None))
    asked = [what_if(one.survey, before=one.allocation, changes=changes) for one in (kept, read)]
    assert asked[0].sentence == asked[1].sentence
    assert asked[0].after.money == asked[1].after.money
    assert asked[0].after.limits == asked[1].after.limits
    chosen = [one.allocation.rule.choose(one.survey.sample) for one in (kept, read)]
    np.testing.assert_array_equal(*chosen)
    assert read.allocation.rule.problem.limits == kept.allocation.rule.problem.limits


def test_a_smaller_sample_stands_for_everybody_still(kept: Kept) -> None:
    small = kept.smaller(200)
    assert len(small.survey.sample) == 200
    assert small.survey.customers == 600
    whole = what_if(kept.survey, before=kept.allocation, changes=(MarginChange("life", 40.0),))
    part = what_if(small.survey, before=small.allocation, changes=(MarginChange("life", 40.0),))
    assert part.error > 0.0
    assert abs(part.money - whole.money) < 3 * part.error
    assert kept.smaller(10_000) is kept


@pytest.mark.parametrize("damage", ["short", "other", "text"])
def test_a_damaged_file_is_said_to_be_one(path: Path, damage: str) -> None:
    data = path.read_bytes()
    if damage == "short":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "text":
        path.write_text("{")
    else:
        path.write_bytes(data.replace(b"limits-survey-1", b"limits-survey-9"))
    with pytest.raises(SurveyFileError, match="cannot be read") as caught:
        read_kept(path)
    assert "strategies form" in caught.value.fix


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SurveyFileError, match="under limits yet"):
        read_kept(tmp_path / "none.npz")
