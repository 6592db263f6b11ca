"""Partners under one limit have one column for each offer, and only their own are eligible."""

from __future__ import annotations

import numpy as np

from pipelines.allocation_batches import Columns
from routing.offers import Offer


def _offer(name: str, *, licence: str = "life", margin: float = 400.0, cost: float = 2.0) -> Offer:
    return Offer(name, name, margin, cost, 9.0, licence, frozenset({"lead"}), 90)


def test_an_offer_that_two_partners_sell_has_one_column_at_any_margin() -> None:
    columns = Columns.united(
        {
            "main": (_offer("home"), _offer("life")),
            "north": (_offer("life", margin=300.0), _offer("motor")),
        }
    )
    assert [offer.offer_id for offer in columns.offers] == ["home", "life", "motor"]
    assert columns.of["main"].tolist() == [0, 1]
    assert columns.of["north"].tolist() == [1, 2]


def test_one_name_with_another_licence_or_cost_is_another_column() -> None:
    columns = Columns.united(
        {
            "main": (_offer("life"),),
            "north": (_offer("life", licence="property"),),
            "south": (_offer("life", cost=3.0),),
        }
    )
    assert [mine.tolist() for mine in columns.of.values()] == [[0], [1], [2]]


def test_a_partner_has_nothing_in_the_columns_of_others() -> None:
    columns = Columns.united({"main": (_offer("home"),), "north": (_offer("life"), _offer("pet"))})
    spread = columns.spread(np.array([[1.0, 2.0]]), partner="north")
    np.testing.assert_array_equal(spread, [[0.0, 1.0, 2.0]])
    assert columns.spread(np.array([[True]]), partner="main").tolist() == [[True, False, False]]
