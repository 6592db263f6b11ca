"""Why a customer is offered nothing: one reason each, the one that came nearest to an offer."""

from __future__ import annotations

from enum import StrEnum

from routing.allotment import CAPPED, RESTING
from routing.offers import ASKED_NOT_TO, NOT_ELIGIBLE, NOT_MODELLED
from routing.strategy import RankedOffer, Strategy


class WhyNothing(StrEnum):
    """The reasons, the first that holds for any of a customer's offers is the one that counts."""

    ASKED_NOT_TO = "asked_not_to"
    STOPPED = "stopped"  # it would be presented, had marketing not paused or ended it
    PRICED_OUT = "priced_out"  # it would add money, and what it takes is worth more elsewhere
    SEEN_ENOUGH = "seen_enough"  # it would add money, and a cap or a rest holds it back
    COST = "cost"
    LOWERS = "lowers"
    NOT_MODELLED = "not_modelled"
    NOT_ELIGIBLE = "not_eligible"


def why_nothing(strategy: Strategy) -> WhyNothing | None:
    """Return why nothing is presented to the customer, or None where something is."""
    offers = strategy.handling.offers
    if any(offer.present for offer in offers):
        return None
    found = {_why(offer) for offer in offers}
    return next((why for why in WhyNothing if why in found), WhyNothing.NOT_ELIGIBLE)


def _why(offer: RankedOffer) -> WhyNothing:
    """Return why one offer is a no: by its sentence, else by its figures."""
    if offer.why == ASKED_NOT_TO:
        return WhyNothing.ASKED_NOT_TO
    if offer.why == NOT_MODELLED:
        return WhyNothing.NOT_MODELLED
    if offer.why.startswith(NOT_ELIGIBLE):
        return WhyNothing.NOT_ELIGIBLE
    if offer.uplift <= 0.0:
        return WhyNothing.LOWERS
    if offer.added_value <= 0.0:
        return WhyNothing.COST
    if offer.why.endswith((RESTING, CAPPED)):
        return WhyNothing.SEEN_ENOUGH
    return WhyNothing.STOPPED if "by marketing" in offer.why else WhyNothing.PRICED_OUT
