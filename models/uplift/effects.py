"""The measured effect of one offer: what presenting it adds, against presenting nothing.

The evidence is the log: each contact that could have been given either, what it was given, with
which probability, and what it bought. No model is involved, so nothing here can flatter a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from features.errors import FeatureError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

# The two-sided 95 % point of the normal distribution.
NORMAL_95 = 1.959964
# Below this the normal approximation of a difference of small shares is not to be trusted:
# the usual "at least ten successes" rule, and enough contacts for ten at a rate of ten percent.
LEAST_CONTACTS = 100
LEAST_BUYERS = 10
# A weight of 1 / 0.02 lets one contact speak for fifty.
THIN_PROBABILITY = 0.02
# Kish's effective sample size below this share of the contacts: a few weights carry the result.
THIN_EFFECTIVE_SHARE = 0.5


class LogError(FeatureError):
    """The logged contacts cannot carry a comparison: a probability or a length is wrong."""


class Verdict(StrEnum):
    """What the interval of the added money says."""

    ADDS = "adds money"
    LOSES = "loses money"
    UNKNOWN = "not yet known"


@dataclass(frozen=True, slots=True)
class LoggedContacts:
    """The contacts that could have been given this offer and could have been given nothing.

    All arrays have one element per contact. `probability` is that of the action taken, logged at
    the time; `money` is NaN where a sale made then could still lapse.
    """

    customer: NDArray[np.int64]
    stage: NDArray[np.str_]
    presented: Flags
    nothing: Flags
    probability: Numbers
    bought: Numbers
    money: Numbers

    def __post_init__(self) -> None:
        """Refuse lengths that differ, and probabilities outside (0, 1]."""
        fields = {name: len(getattr(self, name)) for name in self.__slots__}
        if len(set(fields.values())) > 1:
            raise LogError(
                f"The columns of the log differ in length: {fields}.",
                fix="Give one value per contact in each.",
            )
        used = self.probability[self.presented | self.nothing]
        if used.size and not ((used > 0) & (used <= 1)).all():
            raise LogError(
                "A contact was logged with a probability outside (0, 1].",
                fix="Log the probability with which the action taken was chosen.",
            )

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, chosen: Flags | NDArray[np.int64]) -> LoggedContacts:
        """Return the chosen contacts alone: a flag for each, or positions in a new order."""
        return LoggedContacts(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference per contact, with its standard error and 95 % interval.

    `with_offer` and `without` are the two weighted means that it is the difference of.
    """

    estimate: float
    standard_error: float
    low: float
    high: float
    with_offer: float
    without: float


@dataclass(frozen=True, slots=True)
class StageEffect:
    """The effect among the contacts of one stage; None where too few to say."""

    stage: str
    presented: int
    nothing: int
    uplift: Effect | None
    money: Effect | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OfferEffect:
    """What the log says of one offer; `uplift` in probability, `money` in money, per contact.

    `presented` and `accepted` are counts of contacts with it, `nothing` those without any offer.
    `matured` counts the contacts, of both kinds, that the money is measured on.
    """

    eligible: int
    presented: int
    accepted: int
    nothing: int
    matured: int
    uplift: Effect | None
    money: Effect | None
    verdict: Verdict
    stages: tuple[StageEffect, ...]
    warnings: tuple[str, ...]

    @property
    def acceptance_rate(self) -> float | None:
        """The share of presented contacts that accepted, unweighted; None without any."""
        return self.accepted / self.presented if self.presented else None


def influence(
    outcome: Numbers, *, presented: Flags, nothing: Flags, probability: Numbers
) -> tuple[float, float, Numbers]:
    """Return the mean with the offer, the mean without, and each contact's influence.

    Each mean is the self-normalised inverse-probability-weighted (Hajek) mean
    `sum(y / p) / sum(1 / p)` over its kind of contact: Hajek, comment on Basu, in Foundations of
    Statistical Inference, 1971; Imbens and Rubin, Causal Inference, 2015, ch. 12. The influence of
    contact i on the difference is `w_i (y_i - mean) / sum(w)`, negative for those without.
    """
    weight = np.zeros(len(outcome))
    used = presented | nothing
    weight[used] = 1.0 / probability[used]
    total_with, total_without = weight[presented].sum(), weight[nothing].sum()
    mean_with = float((weight * outcome)[presented].sum() / total_with)
    mean_without = float((weight * outcome)[nothing].sum() / total_without)
    pull = np.zeros(len(outcome))
    pull[presented] = (weight * (outcome - mean_with))[presented] / total_with
    pull[nothing] = -(weight * (outcome - mean_without))[nothing] / total_without
    return mean_with, mean_without, pull


def clustered_error(pull: Numbers, *, customer: NDArray[np.int64]) -> float:
    """Return the standard error of a sum of influences, the contacts of a customer kept together.

    `sqrt(C / (C - 1) * sum over customers of (sum of their influences) ** 2)` for C customers:
    Liang and Zeger, Biometrika 1986. Two contacts of one person are not two people.
    """
    _, code = np.unique(customer, return_inverse=True)
    sums = np.bincount(code, weights=pull)
    count = len(sums)
    return float(np.sqrt(count / max(count - 1, 1) * np.square(sums).sum()))


def difference(outcome: Numbers, *, log: LoggedContacts) -> Effect:
    """Return the effect of presenting the offer on `outcome` (one value per contact of the log).

    Raises LogError when the log has no contact with the offer, or none without.
    """
    if not (log.presented.any() and log.nothing.any()):
        raise LogError(
            "There is no contact to compare with.",
            fix="Log contacts with this offer, and some with nothing presented.",
        )
    used = log.presented | log.nothing
    mean_with, mean_without, pull = influence(
        outcome[used],
        presented=log.presented[used],
        nothing=log.nothing[used],
        probability=log.probability[used],
    )
    error = clustered_error(pull, customer=log.customer[used])
    estimate = mean_with - mean_without
    reach = NORMAL_95 * error
    return Effect(estimate, error, estimate - reach, estimate + reach, mean_with, mean_without)


def enough(log: LoggedContacts) -> bool:
    """Say whether the log holds enough contacts and buyers for an interval to be trusted."""
    return (
        min(int(log.presented.sum()), int(log.nothing.sum())) >= LEAST_CONTACTS
        and log.bought[log.presented | log.nothing].sum() >= LEAST_BUYERS
    )


def verdict(money: Effect | None) -> Verdict:
    """Return what an interval of added money says; no interval says nothing."""
    if money is None:
        return Verdict.UNKNOWN
    if money.low > 0:
        return Verdict.ADDS
    return Verdict.LOSES if money.high < 0 else Verdict.UNKNOWN


def offer_effect(log: LoggedContacts) -> OfferEffect:
    """Return what the log says of one offer, over all and by stage.

    Money is measured on the matured contacts only (all of them, sold or not): leaving out the
    young sales but not the young refusals would make every offer look worse than it is.
    """
    uplift, money = _effects(log)
    stages = tuple(_stage_effect(log, stage=str(stage)) for stage in np.unique(log.stage))
    matured = ~np.isnan(log.money) & (log.presented | log.nothing)
    return OfferEffect(
        eligible=len(log),
        presented=int(log.presented.sum()),
        accepted=int(log.bought[log.presented].sum()),
        nothing=int(log.nothing.sum()),
        matured=int(matured.sum()),
        uplift=uplift,
        money=money,
        verdict=verdict(money),
        stages=stages,
        warnings=_warnings(log),
    )


def _effects(log: LoggedContacts) -> tuple[Effect | None, Effect | None]:
    """Return the effects on buying and on money, each None where the log is too small."""
    mature = log.where(~np.isnan(log.money))
    uplift = difference(log.bought, log=log) if enough(log) else None
    money = difference(mature.money, log=mature) if enough(mature) else None
    return uplift, money


def _stage_effect(log: LoggedContacts, *, stage: str) -> StageEffect:
    """Return the effect among the contacts of one stage."""
    part = log.where(log.stage == stage)
    uplift, money = _effects(part)
    return StageEffect(
        stage=stage,
        presented=int(part.presented.sum()),
        nothing=int(part.nothing.sum()),
        uplift=uplift,
        money=money,
        verdict=verdict(money),
    )


def _warnings(log: LoggedContacts) -> tuple[str, ...]:
    """Return in plain words why the figures should be read with care."""
    if not enough(log):
        return (_too_small(log),)
    found = []
    if not enough(log.where(~np.isnan(log.money))):
        found.append("Too few contacts are old enough to know whether their sales last.")
    for words, chosen in (("with the offer", log.presented), ("with nothing", log.nothing)):
        probability = log.probability[chosen]
        if probability.min() < THIN_PROBABILITY or _effective_share(probability) < (
            THIN_EFFECTIVE_SHARE
        ):
            found.append(
                f"Thin overlap: a few contacts {words} were so unlikely that they count for many."
            )
    return tuple(found)


def _too_small(log: LoggedContacts) -> str:
    """Return the words for a log that is too small, with its counts."""
    presented, nothing = int(log.presented.sum()), int(log.nothing.sum())
    buyers = int(log.bought[log.presented | log.nothing].sum())
    return (
        f"Not enough contacts yet: {presented:,} with the offer, {nothing:,} with nothing, "
        f"{buyers:,} bought; it takes {LEAST_CONTACTS} of each and {LEAST_BUYERS} buyers."
    )


def _effective_share(probability: Numbers) -> float:
    """Return Kish's effective sample size over the count: 1 when all weights are equal."""
    weight = 1.0 / probability
    return float(weight.sum() ** 2 / np.square(weight).sum() / len(weight))
