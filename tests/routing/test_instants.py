"""Instants in each form that a decision needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from routing.drawing import decision_id, drawn, id_drawn
from routing.instants import Instants, instant_of


def test_every_form_is_that_of_the_library_whichever_way_the_clock_goes() -> None:
    made = Instants()
    start = datetime(2026, 11, 22, 23, 59, 59, 999_998, tzinfo=UTC)
    steps = [0, 1, 2, 3, 1_000_000, -5, -2_000_000, 86_400_000_000, 86_400_000_001]
    for microseconds in steps:
        at = start + timedelta(microseconds=microseconds)
        instant = made(at)
        assert instant.at == at == instant_of(instant.microseconds)
        assert instant.text == at.isoformat(timespec="microseconds")
        assert instant.digits == f"{at:%Y%m%d%H%M%S%f}"


def test_an_id_is_the_same_however_its_instant_is_given() -> None:
    instant = Instants()(datetime(2026, 11, 22, 9, 0, 0, 17, tzinfo=UTC))
    whole = decision_id("c-1", label="set-1", instant=instant.text)
    assert whole == id_drawn(drawn("c-1", label="set-1"), digits=instant.digits)
    assert len(whole) == 32 and whole.startswith("20261122090000000017")
    assert whole != decision_id("c-2", label="set-1", instant=instant.text)
    assert whole != decision_id("c-1", label="set-2", instant=instant.text)
