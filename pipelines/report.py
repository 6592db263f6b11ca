"""Write the offers report: what each offer adds, in buyers and in money, for the pages to show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from features.contract import Stage
from features.progress import Track, silent
from features.staging import staged_file
from models.pairs import ANSWER_DAYS, SETTLING_DAYS
from models.uplift.curves import GainCurve, gain_curve
from models.uplift.effects import Effect, OfferEffect, offer_effect
from pipelines.evidence import (
    CatalogueOffer,
    Evidence,
    OfferEvidence,
    only,
)
from pipelines.offer_charts import curve_chart, money_chart
from pipelines.offer_effects import effect_parts, until_known
from pipelines.offers_budget import offer_money, offers_budget
from pipelines.predicted_uplift import PredictedUplift, Unranked, predicted_uplift
from routing.strategy_pointer import read_pointer
from serving.pages.offers_report import (
    Budget,
    Curve,
    CurvePoint,
    Interval,
    OfferRow,
    OffersReport,
    Provenance,
    StageRow,
    report_path,
)
from serving.pages.wording import day, signed

_PER = 1000
_STAGE_ORDER = {stage.value: place for place, stage in enumerate(Stage)}


def write_report(home: Path, *, tables: Path, as_of: datetime, track: Track = silent) -> Path:
    """Measure every offer on the log as known before `as_of`; return the report's path.

    Reads HOME/features/training.parquet, the tables, and, where one is promoted, the model set;
    writes HOME/reports/offers.json in one step. Raises DataNotFoundError or ContractError.
    """
    with Evidence(home, tables=tables, as_of=as_of) as evidence:
        predicted = predicted_uplift(home, until=as_of)
        offers = evidence.offers()
        rows, money = [], {}
        days = evidence.days()
        with track("Measuring what offers add", total=len(offers), unit="offers") as done:
            for offer in offers:
                log = evidence.offer(offer)
                rows.append(_offer_row(offer, log, predicted=predicted, days=days))
                if (found := offer_money(offer, log, predicted=predicted)) is not None:
                    money[offer.offer_id] = found
                done(1)
        rows.sort(key=_by_added_money)
        budget = offers_budget(money, predicted=predicted)
        report = OffersReport(
            tuple(rows),
            money_chart(rows),
            _provenance(home, evidence=evidence, as_of=as_of, predicted=predicted),
            budget=budget if isinstance(budget, Budget) else None,
            budget_missing=budget if isinstance(budget, str) else "",
        )
    target = report_path(home)
    with staged_file(target) as staged:
        staged.write_bytes(msgspec.json.encode(report))
    return target


def _by_added_money(row: OfferRow) -> tuple[bool, float, str]:
    """Order by added money, most first; those without a figure last, by name."""
    return row.money is None, -row.money.estimate if row.money else 0.0, row.name


def _offer_row(
    offer: CatalogueOffer,
    evidence: OfferEvidence,
    *,
    predicted: PredictedUplift | Unranked,
    days: float,
) -> OfferRow:
    """Measure one offer."""
    effect = offer_effect(evidence.log)
    parts = effect_parts(offer.offer_id, evidence, predicted=predicted)
    curve = _curve(offer, evidence, predicted=predicted)
    return OfferRow(
        offer_id=offer.offer_id,
        name=offer.name,
        product=offer.product,
        eligible_stages=tuple(Stage(stage) for stage in offer.eligible_stages),
        presentation_cost=offer.presentation_cost,
        lapse_cost=offer.lapse_cost,
        maturity_days=offer.maturity_days,
        presented=effect.presented,
        accepted=effect.accepted,
        acceptance_rate=effect.acceptance_rate,
        nothing=effect.nothing,
        matured=effect.matured,
        rate_with=effect.uplift.with_offer if effect.uplift else None,
        rate_without=effect.uplift.without if effect.uplift else None,
        uplift=_interval(effect.uplift),
        money=_interval(effect.money, per=_PER),
        verdict=effect.verdict,
        stages=_stage_rows(effect),
        warnings=effect.warnings,
        curve=curve if isinstance(curve, Curve) else None,
        curve_missing=curve if isinstance(curve, str) else "",
        tenths=parts.tenths,
        ranked=parts.ranked,
        benefits=parts.benefits,
        kinds=parts.kinds,
        until_known=until_known(effect, days=days),
    )


def _stage_rows(effect: OfferEffect) -> tuple[StageRow, ...]:
    """Return the stages in the order in which customers move through them."""
    return tuple(
        StageRow(
            stage=Stage(part.stage),
            presented=part.presented,
            nothing=part.nothing,
            uplift=_interval(part.uplift),
            money=_interval(part.money, per=_PER),
            verdict=part.verdict,
        )
        for part in sorted(effect.stages, key=lambda part: _STAGE_ORDER[part.stage])
    )


def _interval(effect: Effect | None, *, per: int = 1) -> Interval | None:
    """Return the effect per so many contacts."""
    if effect is None:
        return None
    return Interval(effect.estimate * per, effect.low * per, effect.high * per)


def _curve(
    offer: CatalogueOffer, evidence: OfferEvidence, *, predicted: PredictedUplift | Unranked
) -> Curve | str:
    """Return the offer's gain curve, or in words why there is none."""
    if isinstance(predicted, Unranked):
        return predicted.why
    scores = predicted.of(offer.offer_id, evidence.contact_id)
    scored = ~np.isnan(scores)
    unseen = only(evidence, chosen=scored)
    found = gain_curve(unseen.log.bought, log=unseen.log, predicted=scores[scored])
    if found is None:
        return (
            f"Too few contacts since {day(predicted.since)}, the first day that model set "
            f"{predicted.model_set} has not learned from."
        )
    sentence = _curve_sentence(found)
    return Curve(
        chart=curve_chart(found, described=sentence),
        points=_points(found),
        contacts=found.contacts,
        sentence=sentence,
        note=(
            f"Measured on {found.contacts:,} contacts since {day(predicted.since)}, none of which "
            f"model set {predicted.model_set} has learned from."
        ),
    )


def _curve_sentence(curve: GainCurve) -> str:
    """Say in words what choosing the more promising half is worth."""
    half = int(np.argmin(np.abs(curve.share - 0.5)))
    low, high = signed(curve.low[half] * _PER, 1), signed(curve.high[half] * _PER, 1)
    return (
        f"Presenting to the more promising half {_adds(curve.gain[half])} per 1,000 contacts "
        f"(between {low} and {high}); presenting to everyone {_adds(curve.gain[-1])}."
    )


def _adds(gain: float) -> str:
    """Say how many buyers a gain per contact adds or loses in a thousand."""
    return f"{'loses' if gain < 0 else 'adds'} {abs(gain) * _PER:,.1f} buyers"


def _points(curve: GainCurve) -> tuple[CurvePoint, ...]:
    """Return the drawn points, per 1,000 contacts of all."""
    return tuple(
        CurvePoint(
            share=float(curve.share[i]),
            gain=Interval(
                float(curve.gain[i] * _PER),
                float(curve.low[i] * _PER),
                float(curve.high[i] * _PER),
            ),
            at_random=float(curve.at_random[i] * _PER),
        )
        for i in range(len(curve.share))
    )


def _provenance(
    home: Path, *, evidence: Evidence, as_of: datetime, predicted: PredictedUplift | Unranked
) -> Provenance:
    """Return what the report was made from."""
    contacts, customers = evidence.counts()
    pointer = read_pointer(home / "strategies")
    return Provenance(
        as_of=as_of,
        contacts=contacts,
        customers=customers,
        model_set=predicted.model_set if isinstance(predicted, PredictedUplift) else None,
        strategy_set=pointer.label if pointer else None,
        fingerprint=evidence.fingerprint,
        buying_days=ANSWER_DAYS,
        settling_days=SETTLING_DAYS,
    )
