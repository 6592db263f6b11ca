"""The kinds of limits: what presenting an offer uses of each, how much there is, in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from routing.allocation.batch import WEEKDAYS, CustomerBatch, Floats
from routing.offers import Offer

ANY = ""


class Counts(StrEnum):
    """What a stock counts."""

    PRESENTATIONS = "presentations"
    ACCEPTANCES = "acceptances"


@dataclass(frozen=True, slots=True)
class AgentMinutes:
    """Minutes that agents of a pool have, with a licence, on a weekday, to present offers."""

    at_most: float
    pool: str = ANY
    licence: str = ANY
    weekday: str = ANY

    @property
    def name(self) -> str:
        """What the limit goes by."""
        return " ".join(("minutes", *filter(None, (self.pool, self.licence, self.weekday))))

    @property
    def unit(self) -> str:
        """One unit of it, in words."""
        licence = f" with licence {self.licence}" if self.licence else ""
        day = f" on {self.weekday.capitalize()}" if self.weekday else ""
        pool = f" in the {self.pool} pool" if self.pool else ""
        return f"agent minute{licence}{day}{pool}"

    def of_customers(self, batch: CustomerBatch) -> Floats:
        """Return (n,) the share of each customer's contacts that falls to the pool and day."""
        share = np.ones(len(batch))
        if self.weekday:
            share = share * batch.weekday_shares[..., WEEKDAYS.index(self.weekday)]
        return np.where(batch.pool == self.pool, share, 0.0) if self.pool else share

    def of_offers(self, offers: Sequence[Offer], *, minutes: Mapping[str, float]) -> Floats:
        """Return (m,) minutes that presenting takes, 0 where another licence is needed."""
        return np.array(
            [
                minutes[offer.offer_id] if self.licence in (ANY, offer.licence) else 0.0
                for offer in offers
            ]
        )


@dataclass(frozen=True, slots=True)
class OfferStock:
    """How often an offer may be taken, or presented."""

    at_most: float
    offer: str
    counts: Counts = Counts.ACCEPTANCES

    @property
    def name(self) -> str:
        """What the limit goes by."""
        return f"stock {self.offer} {self.counts.value}"

    @property
    def unit(self) -> str:
        """One unit of it, in words."""
        return f"{self.counts.value.removesuffix('s')} of {self.offer}"

    def of_customers(self, batch: CustomerBatch) -> Floats:
        """Return (n,) ones: every contact counts."""
        return np.ones(len(batch))

    def of_offers(self, offers: Sequence[Offer], *, minutes: Mapping[str, float]) -> Floats:
        """Return (m,) 1 for the offer."""
        return np.array([float(offer.offer_id == self.offer) for offer in offers])


@dataclass(frozen=True, slots=True)
class Budget:
    """Money that presenting may cost, over all offers or the named ones."""

    at_most: float
    offers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the limit goes by."""
        return " ".join(("budget", *self.offers))

    @property
    def unit(self) -> str:
        """One unit of it, in words."""
        return f"unit of money to present {' and '.join(self.offers) or 'offers'}"

    def of_customers(self, batch: CustomerBatch) -> Floats:
        """Return (n,) ones: every contact counts."""
        return np.ones(len(batch))

    def of_offers(self, offers: Sequence[Offer], *, minutes: Mapping[str, float]) -> Floats:
        """Return (m,) money that one presentation costs."""
        named = self.offers or tuple(offer.offer_id for offer in offers)
        return np.array(
            [offer.presentation_cost if offer.offer_id in named else 0.0 for offer in offers]
        )


@dataclass(frozen=True, slots=True)
class MinimumShare:
    """A floor: presentations of these offers to a partner's customers, as a share of contacts.

    `at_least` is a share of the expected contacts of all customers, whatever their partner.
    """

    at_least: float
    offers: tuple[str, ...] = ()
    partner: str = ANY

    @property
    def name(self) -> str:
        """What the limit goes by."""
        return " ".join(("share", *self.offers, *filter(None, (self.partner,))))

    @property
    def unit(self) -> str:
        """One unit of it, in words."""
        to = f" to customers of {self.partner}" if self.partner else ""
        return f"presentation of {' or '.join(self.offers) or 'any offer'}{to}"

    def of_customers(self, batch: CustomerBatch) -> Floats:
        """Return (n,) 1 for the partner's customers."""
        if not self.partner:
            return np.ones(len(batch))
        return np.where(batch.partner == self.partner, 1.0, 0.0)

    def of_offers(self, offers: Sequence[Offer], *, minutes: Mapping[str, float]) -> Floats:
        """Return (m,) 1 for these offers."""
        named = self.offers or tuple(offer.offer_id for offer in offers)
        return np.array([float(offer.offer_id in named) for offer in offers])


SharedLimit = AgentMinutes | OfferStock | Budget | MinimumShare


@dataclass(frozen=True, slots=True)
class ContactCap:
    """No customer sees more presentations than this in the period, those so far included."""

    at_most: float


@dataclass(frozen=True, slots=True)
class RestDays:
    """An offer that was presented is not presented again for so many days."""

    days: float
    offers: tuple[str, ...] = ()


OwnLimit = ContactCap | RestDays


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of one run: `shared` ones bind all customers together, `own` ones each alone.

    `horizon_days` is the time that all amounts are for, and that contacts are expected in.
    `presentation_minutes` are those said in the file; offers that it leaves out are measured.
    """

    offers_per_contact: int = 1
    horizon_days: float = 7.0
    shared: tuple[SharedLimit, ...] = ()
    own: tuple[OwnLimit, ...] = ()
    presentation_minutes: Mapping[str, float] = field(default_factory=dict)


def is_floor(limit: SharedLimit) -> bool:
    """Return whether the limit asks for at least so much."""
    return isinstance(limit, MinimumShare)
