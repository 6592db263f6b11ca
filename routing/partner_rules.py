"""What a partner's live answers go by, worked out once for all contacts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

import msgspec

from routing.offer_states import Standings, with_standings
from routing.offers import Offer


class PartnerRules(msgspec.Struct, frozen=True):
    """A partner's offers in the catalogue's order, barred as marketing has it, and the cuts.

    `standings` are its decisions on these very offers: an approval of today bars what was formed
    before, so that they must be asked each time. Where there are none, `offers` are as they stand.
    """

    partner: str
    offers: tuple[Offer, ...]
    offer_ids: tuple[str, ...]
    cuts: tuple[float, ...]
    standings: Standings

    def offers_at(self, now: datetime) -> tuple[Offer, ...]:
        """Return the offers as they stand for a strategy formed now."""
        if not self.standings:
            return self.offers
        return with_standings(self.offers, standings=self.standings, formed_at=now)


def rules_for(
    partner: str,
    *,
    offers: Iterable[Offer],
    cuts: Iterable[float | None],
    standings: Standings,
) -> PartnerRules:
    """Return the rules of a partner; a cut that is None is one that nobody reaches."""
    free = tuple(msgspec.structs.replace(offer, barred="") for offer in offers)
    ids = tuple(offer.offer_id for offer in free)
    return PartnerRules(
        partner=partner,
        offers=free,
        offer_ids=ids,
        cuts=tuple(math.inf if cut is None else cut for cut in cuts),
        standings={each: standings[each] for each in ids if each in standings},
    )
