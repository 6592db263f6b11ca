"""The evidence on an offer: the logged contacts that could have had it, and what came of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import ALL_PARTNERS
from features.errors import ContractError, DataNotFoundError
from features.quarantine import open_checked
from models.pairs import ANSWER_DAYS, SETTLING_DAYS
from models.uplift.effects import LoggedContacts

_OFFERS = """
SELECT offer_id, any_value(name), any_value(product), max(presentation_cost), max(lapse_cost),
       max(maturity_days), any_value(eligible_stages), any_value(partner)
FROM offers GROUP BY offer_id ORDER BY offer_id
"""

# The stage and the contact come from the training frame, so that the report and the models stand
# on the same rows. A contact with nothing presented at probability 1 had no choice: left out.
_CONTACTS = """
CREATE OR REPLACE TEMP TABLE logged AS
SELECT contact_id, customer_id, partner, stage, offer_id, offer_probability, as_of AS at
FROM read_parquet($training)
WHERE offer_probability IS NOT NULL AND (offer_id IS NOT NULL OR offer_probability < 1)
  AND as_of + to_days($closing_days) <= $as_of
ORDER BY as_of, contact_id
"""

# A frame made from other tables would compare people with strangers' purchases.
_STRANGERS = """
SELECT count(*) FROM logged LEFT JOIN contacts AS contact USING (contact_id)
WHERE contact.customer_id IS DISTINCT FROM logged.customer_id
   OR contact.offer_id IS DISTINCT FROM logged.offer_id OR contact.occurred_at <> logged.at
"""

_SALES = """
CREATE OR REPLACE TEMP TABLE sales AS
SELECT sale.contact_id, sale.offer_id, sale.revenue, EXISTS (
    SELECT 1 FROM customer_events AS event
    WHERE event.customer_id = sale.customer_id AND event.kind = 'lapse'
      AND event.product = offer.product AND event.known_at < $as_of
      AND event.occurred_at > sale.occurred_at
      AND event.occurred_at <= sale.occurred_at + to_days(CAST(offer.maturity_days AS INTEGER))
  ) AS lapsed
FROM outcomes AS sale
JOIN logged USING (contact_id)
JOIN (SELECT DISTINCT ON (offer_id) * FROM offers) AS offer ON offer.offer_id = sale.offer_id
WHERE sale.accepted AND sale.known_at < $as_of
  AND sale.occurred_at >= logged.at AND sale.occurred_at < logged.at + to_days($buying_days)
"""

# Another partner's customers could not have had the offer: they say nothing of it.
_OFFER = f"""
SELECT logged.contact_id, logged.customer_id, logged.stage, logged.offer_probability AS probability,
       coalesce(logged.offer_id = $offer, false) AS presented, logged.offer_id IS NULL AS nothing,
       (sale.contact_id IS NOT NULL)::DOUBLE AS bought,
       CASE WHEN logged.at + to_days($mature_days) > $as_of THEN NULL
            ELSE CASE WHEN sale.contact_id IS NULL THEN 0.0
                      WHEN sale.lapsed THEN -$lapse_cost ELSE sale.revenue END
                 - CASE WHEN logged.offer_id = $offer THEN $presentation_cost ELSE 0 END
       END AS money
FROM logged LEFT JOIN sales AS sale
  ON sale.contact_id = logged.contact_id AND sale.offer_id = $offer
WHERE list_contains($stages, logged.stage)
  AND $partner IN (logged.partner, '{ALL_PARTNERS}')
ORDER BY logged.at, logged.contact_id
"""


@dataclass(frozen=True, slots=True)
class CatalogueOffer:
    """One offer of the catalogue; money in the currency of the tables.

    `partner` sells it; ALL_PARTNERS when every partner does.
    """

    offer_id: str
    name: str
    product: str
    presentation_cost: float
    lapse_cost: float
    maturity_days: int
    eligible_stages: tuple[str, ...]
    partner: str


@dataclass(frozen=True, slots=True)
class OfferEvidence:
    """The log of one offer, with the contact of each row."""

    contact_id: NDArray[np.str_]
    log: LoggedContacts


class Evidence:
    """The judged contacts of a workspace, opened once; `offer` gives the log of each offer."""

    def __init__(self, home: Path, *, tables: Path, as_of: datetime) -> None:
        training = home / "features" / "training.parquet"
        if not training.exists():
            raise DataNotFoundError(
                f"'{training}' is not there: the stage of each contact is read from it.",
                fix="Run `callworth features` first.",
            )
        source = open_checked(tables, quarantine=home / "quarantine")
        source.require(("offers", "contacts", "outcomes", "customer_events"))
        self._as_of = as_of
        self._digest = hashlib.sha256()
        self._connection = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
        source.attach(self._connection)
        shared = {"as_of": as_of}
        closing = {"closing_days": ANSWER_DAYS + SETTLING_DAYS, "training": str(training)}
        self._connection.execute(_CONTACTS, shared | closing)
        self._demand_same_contacts(training, tables=tables)
        self._connection.execute(_SALES, shared | {"buying_days": ANSWER_DAYS})

    def __enter__(self) -> Evidence:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _demand_same_contacts(self, training: Path, *, tables: Path) -> None:
        """Raise ContractError when the training frame was not made from these tables."""
        strangers = int(self._connection.execute(_STRANGERS).fetchall()[0][0])
        if strangers:
            self._connection.close()
            raise ContractError(
                f"{strangers:,} contacts in '{training}' are not so in '{tables}'.",
                fix="The frame is of other tables: run `callworth features` again.",
            )

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the evidence that was given out so far, in that order."""
        return self._digest.hexdigest()[:16]

    def counts(self) -> tuple[int, int]:
        """Return how many contacts can be judged, and of how many customers."""
        sql = "SELECT count(*), count(DISTINCT customer_id) FROM logged"
        contacts, customers = self._connection.execute(sql).fetchall()[0]
        return int(contacts), int(customers)

    def days(self) -> float:
        """Return how many days the judged contacts span."""
        sql = (
            "SELECT coalesce(epoch(max(logged.at)) - epoch(min(logged.at)), 0) / 86400 FROM logged"
        )
        return float(self._connection.execute(sql).fetchall()[0][0])

    def offers(self) -> tuple[CatalogueOffer, ...]:
        """Return the catalogue, by offer id."""
        rows = self._connection.execute(_OFFERS).fetchall()
        return tuple(
            CatalogueOffer(offer_id, name, product, cost, lapse, days, tuple(stages.split(";")), of)
            for offer_id, name, product, cost, lapse, days, stages, of in rows
        )

    def offer(self, offer: CatalogueOffer) -> OfferEvidence:
        """Return the contacts that could have had this offer and could have had nothing."""
        columns = self._connection.execute(
            _OFFER,
            {
                "offer": offer.offer_id,
                "stages": list(offer.eligible_stages),
                "partner": offer.partner,
                "as_of": self._as_of,
                "mature_days": ANSWER_DAYS + SETTLING_DAYS + offer.maturity_days,
                "lapse_cost": offer.lapse_cost,
                "presentation_cost": offer.presentation_cost,
            },
        ).fetchnumpy()
        log = _logged(columns)
        for part in (log.presented, log.nothing, log.probability, log.bought, log.money):
            self._digest.update(part.tobytes())
        return OfferEvidence(np.asarray(columns["contact_id"], dtype=np.str_), log)


def only(evidence: OfferEvidence, *, chosen: NDArray[np.bool_]) -> OfferEvidence:
    """Return the chosen contacts of an offer's evidence."""
    return replace(evidence, contact_id=evidence.contact_id[chosen], log=evidence.log.where(chosen))


def _logged(columns: dict[str, np.ma.MaskedArray | np.ndarray]) -> LoggedContacts:
    """Turn DuckDB's columns into the log that the effects are measured on."""
    _, customer = np.unique(np.asarray(columns["customer_id"], dtype=np.str_), return_inverse=True)
    money = np.ma.filled(np.ma.asarray(columns["money"], dtype=np.float64), np.nan)
    return LoggedContacts(
        customer=customer.astype(np.int64),
        stage=np.asarray(columns["stage"], dtype=np.str_),
        presented=np.asarray(columns["presented"], dtype=np.bool_),
        nothing=np.asarray(columns["nothing"], dtype=np.bool_),
        probability=np.asarray(columns["probability"], dtype=np.float64),
        bought=np.asarray(columns["bought"], dtype=np.float64),
        money=money,
    )
