from dataclasses import replace

import numpy as np
import pytest

from routing.errors import OfferCatalogueError
from routing.offers import Offer, OfferScores, added_values, rank, ranked_offers

OFFERS = (
    Offer("a", "A", 400.0, 4.0, 140.0, "life", frozenset({"lead", "purchaser"}), 90),
    Offer("b", "B", 700.0, 6.0, 150.0, "life", frozenset({"lead"}), 120),
    Offer("c", "C", 260.0, 3.0, 80.0, "property", frozenset({"purchaser"}), 60),
)


def _scores(accept: list[float], baseline: list[float], lapse: list[float]) -> OfferScores:
    return OfferScores(np.array([accept]), np.array([baseline]), np.array([lapse]))


def _judge(scores: OfferScores, *, stage: str = "lead", do_not_offer: bool = False):
    ranking = rank(
        OFFERS, scores=scores, stages=np.array([stage]), do_not_offer=np.array([do_not_offer])
    )
    return ranking, next(ranked_offers(OFFERS, ranking=ranking, stages=[stage]))


def test_added_value_is_uplift_times_kept_margin_less_lapses_and_cost() -> None:
    found = added_values(OFFERS[:1], uplift=np.array([[0.1]]), lapse=np.array([[0.2]]))
    assert found[0, 0] == pytest.approx(0.1 * (400 * 0.8 - 140 * 0.2) - 4)


def test_an_offer_worth_its_cost_is_a_yes_with_points_and_money() -> None:
    _, offers = _judge(_scores([0.3, 0.1, 0.5], [0.177, 0.1, 0.0], [0.1, 0.1, 0.1]))
    assert (offers[0].offer_id, offers[0].present) == ("a", True)
    assert offers[0].why == "adds 12.3 points, worth 38.56 a contact"


def test_each_no_says_why() -> None:
    _, offers = _judge(_scores([0.10, 0.105, 0.9], [0.121, 0.101, 0.0], [0.1, 0.1, 0.1]))
    assert {o.offer_id: (o.present, o.why) for o in offers} == {
        "b": (False, "adds 0.4 points, which falls short of its cost by 3.54 a contact"),
        "a": (False, "presenting lowers the chance by 2.1 points"),
        "c": (False, "not eligible at stage lead"),
    }


def test_who_asked_for_no_offers_gets_none_but_keeps_the_likelihoods() -> None:
    ranking, offers = _judge(
        _scores([0.5, 0.4, 0.5], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]), do_not_offer=True
    )
    assert not any(offer.present for offer in offers)
    assert offers[0].why == "asked not to be offered anything"
    assert offers[0].likelihood > 0
    assert ranking.best[0] >= 0


def test_an_offer_the_models_do_not_know_is_a_no() -> None:
    nan = float("nan")
    ranking, offers = _judge(_scores([nan, nan, nan], [nan, nan, nan], [nan, nan, nan]))
    assert ranking.best[0] == -1
    assert {offer.why for offer in offers} == {
        "the model set does not know this offer yet",
        "not eligible at stage lead",
    }


def test_a_negative_uplift_is_never_a_yes_even_where_it_saves_lapses() -> None:
    # Nearly every sale lapses, so fewer sales are worth money: still nothing to present.
    ranking, offers = _judge(_scores([0.1, 0.1, 0.1], [0.6, 0.1, 0.1], [0.99, 0.1, 0.1]))
    assert ranking.added_value[0, 0] > 0
    assert not any(offer.present for offer in offers)


def test_ranking_many_is_ranking_each_by_hand() -> None:
    rng = np.random.default_rng(3)
    n = 200
    accept, baseline, lapse = (rng.uniform(0, 0.4, (n, 3)) for _ in range(3))
    stages = rng.choice(["prospect", "lead", "purchaser"], n)
    refused = rng.random(n) < 0.2
    ranking = rank(
        OFFERS, scores=OfferScores(accept, baseline, lapse), stages=stages, do_not_offer=refused
    )
    for row in range(n):
        expected = []
        for place, offer in enumerate(OFFERS):
            uplift = accept[row, place] - baseline[row, place]
            kept = offer.margin * (1 - lapse[row, place]) - offer.lapse_cost * lapse[row, place]
            added = uplift * kept - offer.presentation_cost
            eligible = stages[row] in offer.eligible_stages
            yes = eligible and not refused[row] and uplift > 0 and added > 0
            expected.append((not yes, not eligible, -added, place))
        order = [key[3] for key in sorted(expected)]
        eligible_first = [p for p in order if not expected[p][1]]
        assert ranking.order[row].tolist()[: len(eligible_first)] == eligible_first
        assert ranking.present[row].tolist() == [not key[0] for key in expected]


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(OfferCatalogueError, match=r"shape \(1, 2\) where \(1, 3\)"):
        _judge(_scores([0.1, 0.1], [0.1, 0.1], [0.1, 0.1]))


def test_without_a_model_nobody_is_taken_to_lapse_or_to_buy_unasked() -> None:
    nobody_said = [float("nan")] * 3
    ranking, offers = _judge(_scores([0.3, 0.1, 0.5], nobody_said, nobody_said))
    assert (offers[0].offer_id, offers[0].uplift) == ("a", 0.3)
    assert offers[0].added_value == pytest.approx(0.3 * 400 - 4)
    assert np.isnan(ranking.scores.lapse).all()


def test_an_elected_uplift_takes_the_place_of_the_difference() -> None:
    one = _scores([0.3, 0.1, float("nan")], [0.1, 0.1, 0.1], [0.0, 0.0, 0.0])
    uplift = np.array([[0.05, float("nan"), 0.4]])
    ranking, offers = _judge(replace(one, uplift=uplift))
    by_id = {offer.offer_id: offer for offer in offers}
    assert by_id["a"].uplift == 0.05
    assert by_id["b"].uplift == 0.0  # none elected: acceptance less baseline
    assert not ranking.known[0, 2]  # without a model of acceptance an offer is not known
    assert by_id["a"].likelihood == 0.3


def test_an_uplift_of_another_shape_is_refused() -> None:
    one = _scores([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1])
    with pytest.raises(OfferCatalogueError, match="shape"):
        _judge(replace(one, uplift=np.zeros((1, 2))))
