"""The generated insurer's week of limits is a limits file that its own offers fit."""

from __future__ import annotations

from pathlib import Path

from pipelines.insurer.catalogue import OFFER_IDS, OFFERS
from pipelines.insurer.limits import week_of_limits
from routing.allocation.limits import AgentMinutes
from routing.allocation.limits_file import FILE, Known, limits_of


def test_it_reads_as_limits_on_minutes_that_grow_with_the_insurer(tmp_path: Path) -> None:
    known = Known(
        offers=OFFER_IDS,
        licences=tuple({offer.licence for offer in OFFERS}),
        pools=("first", "second"),
        partners=("main",),
    )
    amounts = []
    for customers in (10_000, 20_000):
        (tmp_path / FILE).write_text(week_of_limits(customers))
        limits = limits_of(tmp_path, known=known)
        assert set(limits.presentation_minutes) == set(OFFER_IDS)
        assert all(isinstance(each, AgentMinutes) for each in limits.shared)
        amounts.append([each.at_most for each in limits.shared])
    assert amounts[1] == [2 * amount for amount in amounts[0]]
