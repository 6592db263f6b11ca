"""Who gets nothing has one reason: the one that came nearest to an offer."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from routing.allotment import CAPPED, RESTING
from routing.nothing import WhyNothing, why_nothing
from routing.offers import ASKED_NOT_TO, NOT_MODELLED
from routing.strategy import Handling, RankedOffer, Strategy


def no(why: str, uplift: float = 0.0, added: float = 0.0) -> RankedOffer:
    return RankedOffer("a", False, 0.3, uplift, added, why)


ELSEWHERE = no("not eligible at stage lead")
UNKNOWN = no(NOT_MODELLED)
PUT_OFF = no("presenting lowers the chance by 2.0 points", -0.02, -9.0)
DEAR = no("adds 1.0 points, which falls short of its cost by 2.00 a contact", 0.01, -2.0)
WORTH = (0.1, 40.0)


@pytest.mark.parametrize(
    ("offers", "why"),
    [
        ((), WhyNothing.NOT_ELIGIBLE),
        ((ELSEWHERE,), WhyNothing.NOT_ELIGIBLE),
        ((ELSEWHERE, UNKNOWN), WhyNothing.NOT_MODELLED),
        ((ELSEWHERE, UNKNOWN, PUT_OFF), WhyNothing.LOWERS),
        ((PUT_OFF, DEAR, ELSEWHERE), WhyNothing.COST),
        ((DEAR, no("paused by marketing: dear", *WORTH)), WhyNothing.STOPPED),
        ((DEAR, no("ended by marketing: dear", 0.01, -3.0)), WhyNothing.COST),
        ((PUT_OFF, no("paused by marketing: dear", -0.1, -3.0)), WhyNothing.LOWERS),
        ((DEAR, no("but a minute is worth more elsewhere", *WORTH)), WhyNothing.PRICED_OUT),
        ((DEAR, no(f"adds 1.0 points, but {RESTING}", *WORTH)), WhyNothing.SEEN_ENOUGH),
        ((DEAR, no(f"adds 1.0 points, but {CAPPED}", *WORTH)), WhyNothing.SEEN_ENOUGH),
        ((no(ASKED_NOT_TO, *WORTH), ELSEWHERE), WhyNothing.ASKED_NOT_TO),
        ((msgspec.structs.replace(DEAR, present=True), PUT_OFF), None),
    ],
)
def test_the_nearest_reason_counts(
    a_strategy: Callable[..., Strategy], offers: tuple[RankedOffer, ...], why: WhyNothing | None
) -> None:
    strategy = msgspec.structs.replace(a_strategy(), handling=Handling(offers))
    assert why_nothing(strategy) is why
