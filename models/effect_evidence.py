"""What the effects of a model set are worth, on contacts that took no part in making them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.effect_rules import Money, money_of, rules_of
from models.judging.influence import Estimate
from models.judging.intervals import Difference, Interval, interval_of
from models.model_set import ALL_PROFILES, UPLIFT, write_json
from models.planning import Labelled
from models.profile_effects import ProfileEffects
from models.uplift.budget import budget_curve
from models.uplift.doubly_robust import effect_scores
from models.uplift.effect_deciles import effect_calibration
from models.uplift.policy_value import policy_difference, policy_value
from models.uplift.presented import PresentedRows
from models.uplift.qini import auuc_interval, qini_interval

Numbers = NDArray[np.float64]

# An offer with fewer contacts of either kind has no tenths and no Qini.
_LEAST_CONTACTS = 100
_REPLICATES = 100
_POINTS = 20
# Qini is for logs in which every contact had the same chance of the offer.
_APART = 1e-6


@dataclass(frozen=True, slots=True)
class JudgedEffects:
    """The judge contacts of a profile, or of all: predicted effects, and what the log says.

    `effects` (n, k) as the set answers, `expected` (n, k + 1) by models that have not seen them,
    `scores` (n, k) doubly robust effect scores, `money` what an offer is worth to each, `rules`
    (n,) actions by name.
    """

    profile: str
    rows: PresentedRows
    effects: Numbers
    expected: Numbers
    scores: Numbers
    money: Money
    rules: Mapping[str, NDArray[np.intp]]


def write_effect_evidence(
    folder: Path,
    profiles: Sequence[ProfileEffects],
    *,
    labelled: Labelled,
    compiled: CompiledModelSet,
    seed: int,
) -> None:
    """Write `uplift.json` into a model set folder: a row per profile, and one for all of them."""
    judged = [
        _judged(each, labelled=labelled, compiled=compiled)
        for each in profiles
        if len(each.split.judge)
    ]
    by_name = {each.profile: each for each in profiles}
    found = [
        _row(part, labelled.offer_ids, seed=seed) | _elected(by_name[part.profile])
        for part in judged
    ]
    if len(judged) > 1:
        found.append(_row(_together(judged, profiles, labelled), labelled.offer_ids, seed=seed))
    write_json(folder / UPLIFT, found)


def _judged(
    each: ProfileEffects, *, labelled: Labelled, compiled: CompiledModelSet
) -> JudgedEffects:
    rows = each.judge
    effects = compiled.effects(rows.matrix, profile=np.full(len(rows), each.profile))
    expected = _expected(each, rows)
    money = money_of(rows, each.profile, labelled=labelled, compiled=compiled)
    rules = rules_of(each, rows, effects, money=money, compiled=compiled)
    scores = effect_scores(rows, expected=expected)
    return JudgedEffects(each.profile, rows, effects, expected, scores, money, rules)


def _expected(each: ProfileEffects, rows: PresentedRows) -> Numbers:
    """Return expected outcomes by the fit part's models; its mean where no election was held."""
    if each.election is not None:
        return each.election.held.outcomes.predict(rows.matrix)
    seen = each.rows.outcome[each.split.fit]
    level = float(seen.mean()) if len(seen) else 0.0
    return np.full((len(rows), rows.offers + 1), level)


def _together(
    judged: Sequence[JudgedEffects], profiles: Sequence[ProfileEffects], labelled: Labelled
) -> JudgedEffects:
    """Return the contacts of all profiles; a customer keeps all contacts, whatever the profile."""
    at_row = {each.profile: each.at_row[each.split.judge] for each in profiles}
    row = np.concatenate([at_row[part.profile] for part in judged])
    whose = row if labelled.customer is None else labelled.customer[row]
    names = ("matrix", "action", "propensity", "eligible", "outcome", "at")
    joined = {name: np.concatenate([getattr(p.rows, name) for p in judged]) for name in names}
    customer = np.unique(whose, return_inverse=True)[1].astype(np.int64)
    rows = PresentedRows(**joined, customer=customer)

    def every(name: str) -> Numbers:
        return np.concatenate([getattr(part, name) for part in judged])

    per_sale = np.concatenate([part.money.per_sale for part in judged])
    return JudgedEffects(
        ALL_PROFILES,
        rows,
        every("effects"),
        every("expected"),
        every("scores"),
        Money(per_sale, judged[0].money.cost),
        {name: np.concatenate([part.rules[name] for part in judged]) for name in judged[0].rules},
    )


def _elected(each: ProfileEffects) -> dict[str, Any]:
    election = each.election
    standings = () if election is None else election.standings
    return {
        "learner": each.name,
        "found": each.why if election is None else election.found,
        "standings": [
            {"name": one.name, "stands": one.stands, **_ends(one.advantage)} for one in standings
        ],
    }


def _row(part: JudgedEffects, offer_ids: Sequence[str], *, seed: int) -> dict[str, Any]:
    rows = part.rows
    curve = budget_curve(part.effects, scores=part.scores, customer=rows.customer, points=_POINTS)
    points = zip(curve.share, curve.added, curve.low, curve.high, strict=True)
    return {
        "profile": part.profile,
        "contacts": len(rows),
        "customers": len(np.unique(rows.customer)),
        "advantage": _ends(curve.advantage),
        "budget": [
            {"share": s, "added": a, "low": low, "high": high} for s, a, low, high in points
        ],
        "offers": list(_offers(part, offer_ids, seed=seed)),
        "policies": list(_policies(part)),
    }


def _offers(
    part: JudgedEffects, offer_ids: Sequence[str], *, seed: int
) -> Iterator[dict[str, Any]]:
    for offer, offer_id in enumerate(offer_ids):
        rows = part.rows
        known = rows.comparable[:, offer]
        given = int((known & (rows.action == offer)).sum())
        nothing = int((known & (rows.action < 0)).sum())
        if min(given, nothing) < _LEAST_CONTACTS or not np.isfinite(part.effects[known]).all():
            continue
        calibration = effect_calibration(
            part.effects[:, offer], scores=part.scores[:, offer], customer=rows.customer
        )
        yield {
            "offer_id": offer_id,
            "presented": given,
            "nothing": nothing,
            "average": _ends(_mean(part.scores[known, offer], rows.customer[known])),
            **_coefficients(part, offer, known, seed=seed),
            # The same effect for everybody orders nothing: there is no line.
            "slope": _ends(calibration.slope) if np.isfinite(calibration.slope.low) else None,
            "error": calibration.error,
            "chance": calibration.chance,
            "tenths": [
                {
                    "tenth": tenth.tenth,
                    "contacts": tenth.contacts,
                    "predicted": tenth.predicted,
                    "observed": tenth.observed.value,
                    "observed_low": tenth.observed.low,
                    "observed_high": tenth.observed.high,
                }
                for tenth in calibration.tenths
            ],
        }


def _coefficients(
    part: JudgedEffects, offer: int, known: NDArray[np.bool_], *, seed: int
) -> dict[str, Any]:
    """Return Qini and AUUC, or none where contacts had unequal chances of the offer."""
    rows = part.rows
    chosen = np.flatnonzero(known & ((rows.action == offer) | (rows.action < 0)))
    chances = rows.propensity[chosen][:, [0, offer + 1]]
    if np.ptp(chances, axis=0).max() > _APART:
        return {"qini": None, "auuc": None}
    given = {
        "presented": rows.action[chosen] == offer,
        "score": part.effects[chosen, offer],
        "customer": rows.customer[chosen],
        "replicates": _REPLICATES,
    }
    found: dict[str, Any] = {"auuc": None}
    for name, measure in (("qini", qini_interval), ("auuc", auuc_interval)):
        if name == "qini" or np.isin(rows.outcome, (0.0, 1.0)).all():
            rng = np.random.default_rng([seed, offer])
            found[name] = _ends(measure(rows.outcome[chosen], rng=rng, **given))
    return found


def _policies(part: JudgedEffects) -> Iterator[dict[str, Any]]:
    """Yield each rule's value: in outcomes three ways, and in money added to giving nothing."""
    rows, ours = part.rows, part.rules["strategy"]
    for name, action in part.rules.items():
        value = policy_value(rows, policy=action, expected=part.expected)
        behind = policy_difference(rows, policy=ours, against=action, expected=part.expected)
        gained = part.money.added(part.scores, action=action)
        ahead = part.money.added(part.scores, action=ours) - gained
        yield {
            "policy": name,
            "presented": float((action >= 0).mean()),
            "ips": _ends(value.ips),
            "self_normalised": _ends(value.self_normalised),
            "doubly_robust": _ends(value.doubly_robust),
            "strategy_ahead": _ends(behind),
            "money_added": _ends(_mean(gained, rows.customer)),
            "strategy_ahead_in_money": _ends(_mean(ahead, rows.customer)),
            "effective_contacts": value.effective,
            "warnings": list(value.warnings),
        }


def _mean(values: Numbers, customer: NDArray[np.int64]) -> Interval:
    middle = float(values.mean())
    pull = (values - middle) / len(values)
    return interval_of(Estimate(middle, pull), cluster=customer, method="doubly robust")


def _ends(found: Interval | Difference) -> dict[str, float]:
    said = asdict(found)
    return {name: said[name] for name in ("value", "low", "high")}
