"""What limits make of a ranking: other yeses, another order, and why in words."""

from __future__ import annotations

import numpy as np
import pytest

from routing.allocation.limits import AgentMinutes, Budget, Limits, OfferStock
from routing.allocation.problem import Problem
from routing.allocation.rule import STANDINGS, Standing
from routing.allotment import Allotment, takes_of
from routing.offers import Offer, OfferScores, rank, ranked_offers

OFFERS = tuple(
    Offer(name, name, margin, 2.0, 0.0, licence, frozenset({"lead"}), 90)
    for name, margin, licence in (("life", 400.0, "life"), ("home", 200.0, "property"))
)


def _told(*standings: Standing) -> list[tuple[str, bool, str]]:
    scores = OfferScores(np.array([[0.2, 0.1]]), np.zeros((1, 2)), np.zeros((1, 2)))
    ranking = rank(OFFERS, scores=scores, stages=np.array(["lead"]), do_not_offer=np.array([False]))
    places = np.array([[STANDINGS.index(one) for one in standings]], dtype=np.int8)
    held = np.isin(places, [STANDINGS.index(one) for one in (Standing.RESTING, Standing.CAPPED)])
    allotment = Allotment(places, held, ("a minute with licence life", "what it takes"))
    ranking = allotment.ranking(ranking)
    offered = ranked_offers(OFFERS, ranking=ranking, stages=["lead"])
    ((*found,),) = allotment.told(offered, order=ranking.order)
    return [(one.offer_id, one.present, one.why) for one in found]


def test_the_presented_offer_comes_first_though_another_adds_more() -> None:
    first, second = _told(Standing.PRICED_OUT, Standing.PRESENT)
    assert first == ("home", True, "adds 10.0 points, worth 18.00 a contact")
    assert second == (
        "life",
        False,
        "adds 20.0 points, worth 78.00 a contact, but a minute with licence life is worth more"
        " elsewhere",
    )


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing.ANOTHER, "but another offer is worth more here"),
        (Standing.RESTING, "but it was presented a short time ago"),
        (Standing.CAPPED, "but the customer has seen as many offers as the cap allows"),
    ],
)
def test_every_limit_has_its_words(standing: Standing, words: str) -> None:
    _, second = _told(Standing.PRESENT, standing)
    assert second[2].endswith(words)


def test_the_dearest_limit_is_what_an_offer_takes() -> None:
    limits = Limits(
        shared=(
            AgentMinutes(at_most=1.0, licence="life"),
            Budget(at_most=1.0),
            OfferStock(1.0, "home"),
        ),
        presentation_minutes={"life": 5.0, "home": 5.0},
    )
    problem = Problem(OFFERS, limits)

    def takes(*prices: float) -> tuple[str, ...]:
        return takes_of(problem, offers=OFFERS, prices=np.array(prices))

    assert takes(3.0, 1.0, 9.0) == ("a minute with licence life", "what is left of it")
    assert takes(0.0, 1.0, 0.0) == ("the money to present it", "the money to present it")
    assert takes(0.0, 0.0, 0.0) == ("what it takes", "what it takes")
