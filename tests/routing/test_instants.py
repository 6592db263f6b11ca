"""Instants in each form that a decision needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from routing.drawing import digits_of, drawn, id_drawn
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


def test_an_id_hangs_on_contact_set_and_instant() -> None:
    instant = Instants()(datetime(2026, 11, 22, 9, 0, 0, 17, tzinfo=UTC))
    assert digits_of(instant.text) == instant.digits
    made = id_drawn(drawn("c-1", label="set-1"), digits=instant.digits)
    assert len(made) == 32 and made.startswith("20261122090000000017")
    assert made == id_drawn(drawn("c-1", label="set-1"), digits=instant.digits)
    others = (("c-2", "set-1"), ("c-1", "set-2"), ("c-1", None))
    for contact, label in others:
        assert made != id_drawn(drawn(contact, label=label), digits=instant.digits)
