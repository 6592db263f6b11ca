"""The observable terms that the truth is built of, each centred and scaled by a fixed constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.contract import MEDIA, REASONS
from pipelines.insurer.history import History
from pipelines.insurer.planned import reason_shares
from pipelines.insurer.span import DAY_SECONDS, Floats, Wholes

# Name: centre and scale over the contacts of a large world; shares are centred alone.
SCALES = {
    "enquiries_90": (0.27, 0.38),
    "page_views_30": (0.7, 0.78),
    "logins_30": (0.46, 0.65),
    "email_opens_90": (0.7, 0.8),
    "app_actions_90": (0.56, 0.72),
    "missed_payments_90": (0.2, 0.5),
    "claims_90": (0.1, 0.3),
    "days_in_stage": (4.0, 1.5),
    "age": (45.8, 13.4),
    "income": (10.78, 0.56),
    "household_size": (2.4, 1.05),
    "home_owner": (0.46, 0.45),
    "expectant": (0.1, 1.0),
    "first_referral": (0.09, 1.0),
    "first_direct_mail": (0.1, 1.0),
    "last_search": (0.2, 1.0),
    "last_social": (0.17, 1.0),
    "prior_contacts": (0.25, 0.5),
    "reason_quote": (0.38, 1.0),
    "reason_billing": (0.14, 1.0),
    "reason_cancel": (0.1, 1.0),
    "reason_claim": (0.04, 1.0),
}
TERM = {name: place for place, name in enumerate(SCALES)}
_COUNTS = (
    ("enquiries_90", "enquiry", 90),
    ("page_views_30", "page_view", 30),
    ("logins_30", "login", 30),
    ("email_opens_90", "email_open", 90),
    ("app_actions_90", "app_action", 90),
    ("missed_payments_90", "missed_payment", 90),
    ("claims_90", "claim", 90),
)
_REASONS = (
    ("reason_quote", "quote"),
    ("reason_billing", "billing"),
    ("reason_cancel", "cancel"),
    ("reason_claim", "claim"),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """Row by row: the stage (0 to 3) and the scaled terms, one column per name in TERM."""

    stage: Wholes
    terms: Floats

    def rows(self, keep: Wholes) -> Observation:
        """Return the observation of some rows."""
        return Observation(self.stage[keep], self.terms[keep])


def observe(
    history: History, *, who: Wholes, at: Wholes, prior: Wholes, reason: Wholes | None
) -> Observation:
    """Return what can be seen of each customer just before the instant.

    Without a `reason` (nobody is calling), each reason weighs its share at the stage.
    """
    stage, entered = history.stage(who, at=at)
    fields = history.fields
    first, last = history.media(who, at=at)
    raw = {
        name: np.log1p(history.count(kind, who=who, at=at, window_days=window))
        for name, kind, window in _COUNTS
    }
    raw["days_in_stage"] = np.where(stage > 0, np.log1p((at - entered) / DAY_SECONDS), 0.0)
    raw["age"] = fields.age[who]
    raw["income"] = np.log(fields.income[who])
    raw["household_size"] = fields.household_size[who]
    raw["home_owner"] = fields.home_owner[who]
    raw["expectant"] = history.expectant(who, at=at).astype(np.float64)
    raw["first_referral"] = _is(first, MEDIA.index("referral"))
    raw["first_direct_mail"] = _is(first, MEDIA.index("direct_mail"))
    raw["last_search"] = _is(last, MEDIA.index("search"))
    raw["last_social"] = _is(last, MEDIA.index("social"))
    raw["prior_contacts"] = np.log1p(prior)
    shares = reason_shares(stage) if reason is None else np.eye(len(REASONS))[reason]
    for name, word in _REASONS:
        raw[name] = shares[:, REASONS.index(word)]
    terms = np.empty((who.size, len(SCALES)))
    for place, (name, (centre, scale)) in enumerate(SCALES.items()):
        terms[:, place] = (raw[name] - centre) / scale
    return Observation(stage=stage, terms=terms)


def _is(codes: Wholes, code: int) -> Floats:
    return np.asarray(codes == code, dtype=np.float64)
