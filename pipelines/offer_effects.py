"""What the models expect of one offer beside what happened, in the parts that its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.judging.intervals import Difference, difference_of
from models.judging.intervals import Interval as Found
from models.uplift.benefits import who_benefits
from models.uplift.curves import LEAST_CURVE_CONTACTS
from models.uplift.effect_deciles import EffectCalibration, effect_calibration
from models.uplift.effects import Effect, OfferEffect
from models.uplift.kinds import CustomerKind, Thresholds, customer_kinds
from models.uplift.log_scores import LogScores, log_scores
from models.uplift.qini import qini_interval
from models.uplift.ranking import area, area_at_random
from models.uplift.until_known import POWER, contacts_until_known
from pipelines.effect_charts import tenths_chart
from pipelines.evidence import OfferEvidence, only
from pipelines.predicted_uplift import PredictedUplift, Unranked
from serving.pages.offers_report import (
    BenefitRow,
    Interval,
    KindRow,
    Ranked,
    TenthRow,
    Tenths,
    UntilKnown,
)

_PER = 1000
# The page draws the same contacts again at the next run: the halves and replicates stay the same.
_SEED = 0
_REPLICATES = 100
# Chances that lie further apart are not the same: the Qini is then not defined.
_APART = 1e-6
# In the sense of models.uplift.kinds: an effect below two points does not matter, and who buys
# unasked more often than not is sure.
THRESHOLDS = Thresholds(matters=0.02, sure_from=0.5)


@dataclass(frozen=True, slots=True)
class OfferEffectParts:
    """The parts of an offer's page that need predictions on unseen contacts."""

    tenths: Tenths | None = None
    ranked: Ranked | None = None
    benefits: tuple[BenefitRow, ...] = ()
    kinds: tuple[KindRow, ...] = ()


def effect_parts(
    offer_id: str, evidence: OfferEvidence, *, predicted: PredictedUplift | Unranked
) -> OfferEffectParts:
    """Return the parts, measured on contacts that the model set has not seen; none where too few.

    Effects are differences of the chance to buy this offer.
    """
    if isinstance(predicted, Unranked):
        return OfferEffectParts()
    uplift = predicted.of(offer_id, evidence.contact_id)
    unseen = only(evidence, chosen=~np.isnan(uplift))
    log = unseen.log
    if min(log.presented.sum(), log.nothing.sum()) < LEAST_CURVE_CONTACTS:
        return OfferEffectParts()
    uplift = uplift[~np.isnan(uplift)]
    place = predicted.places(unseen.contact_id)
    scores = log_scores(log.bought, log=log)
    calibration = effect_calibration(uplift, scores=scores.effect, customer=log.customer)
    columns = {name: values[place] for name, values in predicted.columns.items()}
    benefits = who_benefits(
        columns,
        scores.effect,
        kinds=predicted.kinds,
        customer=log.customer,
        rng=np.random.default_rng(_SEED),
    )
    baseline = predicted.baseline[place, predicted.offer_ids.index(offer_id)]
    return OfferEffectParts(
        _tenths(calibration),
        _ranked(unseen, uplift, scores),
        tuple(
            BenefitRow(each.text, each.contacts, each.more, _shown(each.effect))
            for each in benefits
        ),
        _kinds(unseen, uplift, baseline, scores),
    )


def until_known(effect: OfferEffect, *, days: float) -> UntilKnown | None:
    """Return how long it takes to know the money; None where nothing can be said of it yet.

    `days` is how long the log is: contacts are expected to come as often as they did.
    """
    if effect.money is None or not effect.matured:
        return None
    more = contacts_until_known(effect.money, contacts=effect.matured)
    if more == 0:
        return UntilKnown(0, 0, "It is known already: the interval of added money excludes zero.")
    if more is None:
        return UntilKnown(
            None, None, "At the present estimate, close to zero, no number of contacts would tell."
        )
    rate = (effect.presented + effect.nothing) / max(days, 1.0)
    wait = int(np.ceil(more / rate))
    return UntilKnown(
        more,
        wait,
        f"{more:,} more contacts with this offer or with nothing, about {wait:,} "
        f"{'day' if wait == 1 else 'days'} at the present rate, and the time until sales mature: "
        f"then, if the present estimate is right, the interval excludes zero with {POWER:.0%} "
        "chance.",
    )


def _tenths(found: EffectCalibration) -> Tenths:
    rows = tuple(
        TenthRow(each.tenth, each.contacts, each.predicted, _shown(each.observed))
        for each in found.tenths
    )
    sentence = _slope_sentence(found.slope)
    return Tenths(tenths_chart(rows, described=sentence), rows, sentence)


def _slope_sentence(slope: Found) -> str:
    """Say how far predictions can be taken at their word."""
    if not np.isfinite(slope.low):
        return "The models expect the same of every contact: there is no order to judge."
    ends = f"(slope {slope.value:.2f}, between {slope.low:.2f} and {slope.high:.2f})"
    if slope.low > 0 and slope.low <= 1 <= slope.high:
        return f"Where more was predicted, more was observed, and about as much {ends}."
    if slope.low > 0:
        spread = "less" if slope.high < 1 else "more"
        return f"Where more was predicted, more was observed, but differences are {spread} {ends}."
    if slope.high < 0:
        return f"Where more was predicted, less was observed: the order misleads {ends}."
    return f"It is not known whether more is added where more was predicted {ends}."


def _ranked(unseen: OfferEvidence, uplift: Any, scores: LogScores) -> Ranked:
    log = unseen.log
    everyone = np.ones((len(log), 1), dtype=np.bool_)
    found = difference_of(
        area(uplift, scores.effect),
        area_at_random(scores.effect[:, None], allowed=everyone),
        cluster=log.customer,
        method="area above chance",
    )
    return Ranked(_shown(found, per=_PER), _qini(unseen, uplift), _ranked_sentence(found))


def _ranked_sentence(found: Difference) -> str:
    value, low, high = (_PER * x for x in (found.value, found.low, found.high))
    ends = f"{value:+,.1f} buyers per 1,000 contacts over all depths, between {low:+,.1f} and"
    if found.low > 0:
        return f"The order is better than chance: {ends} {high:+,.1f}."
    if found.high < 0:
        return f"The order is worse than chance: {ends} {high:+,.1f}."
    return f"The order is not surely better than chance: {ends} {high:+,.1f}."


def _qini(unseen: OfferEvidence, uplift: Any) -> Interval | None:
    """Return the Qini coefficient; None where contacts had unequal chances, for it weighs none."""
    log = unseen.log
    used = log.presented | log.nothing
    kinds = (log.probability[log.presented], log.probability[log.nothing])
    if max(np.ptp(each) for each in kinds) > _APART:
        return None
    return _shown(
        qini_interval(
            log.bought[used],
            presented=log.presented[used],
            score=uplift[used],
            customer=log.customer[used],
            rng=np.random.default_rng(_SEED),
            replicates=_REPLICATES,
        )
    )


def _kinds(
    unseen: OfferEvidence, uplift: Any, baseline: Any, scores: LogScores
) -> tuple[KindRow, ...]:
    found = customer_kinds(
        uplift,
        baseline=baseline,
        effect_scores=scores.effect,
        nothing_scores=scores.nothing,
        customer=unseen.log.customer,
        thresholds=THRESHOLDS,
    )
    named = found.of(uplift, baseline=baseline)
    counts = {kind: int((named == kind).sum()) for kind in CustomerKind}
    return tuple(KindRow(kind, count, count / len(named)) for kind, count in counts.items())


def _shown(found: Found | Difference | Effect, *, per: float = 1.0) -> Interval:
    value = found.estimate if isinstance(found, Effect) else found.value
    return Interval(float(value * per), float(found.low * per), float(found.high * per))
