"""Numbers and advice read as a marketer would say them."""

from __future__ import annotations

from typing import Any

import pytest

from features.contract import Stage
from models.uplift.effects import Verdict
from serving.pages import wording
from serving.pages.forest import WIDTH, scale_of
from serving.pages.offers_report import CurvePoint, Interval, OfferRow, StageRow


def offer(verdict: Verdict, money: Interval | None, **stages: Verdict) -> OfferRow:
    known: dict[str, Any] = {
        "presented": 10, "accepted": 1, "acceptance_rate": 0.1, "nothing": 10, "matured": 20,
        "rate_with": None, "rate_without": None, "uplift": None,
    }  # fmt: skip
    parts = tuple(
        StageRow(Stage(stage), 5, 5, None, None, verdict) for stage, verdict in stages.items()
    )
    return OfferRow(
        "a", "A", "a", (), 1.0, 1.0, 60, money=money, verdict=verdict, stages=parts, **known
    )


GAIN, LOSS, OPEN = Interval(20, 10, 30), Interval(-20, -30, -10), Interval(5, -10, 20)
ADDS, LOSES, UNKNOWN = Verdict.ADDS, Verdict.LOSES, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.5, "+1,234"), (-1234567.0, "−1,234,567"), (0.2, "0"), (-0.4, "0"), (999.6, "+1,000")],
)
def test_money_has_a_sign_and_thousands(value: float, shown: str) -> None:
    assert wording.money(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.123, "+12.3"), (-0.0004, "0.0"), (-0.02, "−2.0")])
def test_differences_of_chances_are_points(value: float, shown: str) -> None:
    assert wording.points(value) == shown


def test_shares_are_percent_and_nothing_is_a_dash() -> None:
    assert wording.percent(0.0744) == "7.4%"
    assert wording.percent(None) == "–"


@pytest.mark.parametrize(
    ("words", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_lists_are_spoken(words: list[str], said: str) -> None:
    assert wording.listed(words) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (offer(ADDS, GAIN, lead=ADDS), "Keep presenting it."),
        (
            offer(ADDS, GAIN, lead=ADDS, purchaser=LOSES),
            "Keep presenting it, but not to purchasers: there it loses money.",
        ),
        (
            offer(LOSES, LOSS, prospect=ADDS, purchaser=LOSES),
            "Stop presenting it, except to prospects: there it adds money.",
        ),
        (
            offer(LOSES, LOSS, lead=LOSES),
            "Stop presenting it: nothing is lost by offering nothing.",
        ),
        (
            offer(UNKNOWN, OPEN, lead=ADDS, purchaser=LOSES),
            "Keep presenting it to leads, where it adds money. Stop presenting it to purchasers, "
            "where it loses money. Go on presenting it elsewhere until the range leaves zero "
            "behind.",
        ),
        (
            offer(UNKNOWN, None),
            "Go on presenting it at random to a part of the contacts until there are enough "
            "contacts to say.",
        ),
    ],
)
def test_the_advice_follows_the_whole_and_the_stages_against_it(row: OfferRow, said: str) -> None:
    assert wording.advice(row) == said


def test_the_verdict_names_the_range_that_it_rests_on() -> None:
    assert wording.verdict_sentence(offer(LOSES, LOSS)) == (
        "Presenting it loses money: between −30 and −10 per 1,000 contacts."
    )


def test_tenths_of_a_curve_are_its_nearest_points() -> None:
    curve = [CurvePoint(i / 40, Interval(i, i, i), 0.0) for i in range(41)]
    shown = [point.share for point in wording.tenths(curve)]
    assert shown == pytest.approx([i / 10 for i in range(1, 11)])


def test_a_scale_holds_zero_and_every_end() -> None:
    scale = scale_of([GAIN, None, OPEN])
    assert scale is not None
    assert 0 < scale.at(-10) < scale.at(0) < scale.at(30) < WIDTH
    assert scale_of([None]) is None
    assert scale_of([Interval(0, 0, 0)]) is not None
