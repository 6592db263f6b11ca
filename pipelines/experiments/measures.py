"""One outcome of an experiment as the report shows it: effect, looks, power, naive comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from models.experiments.boundaries import Boundary
from models.experiments.looks import Look, foreseen, judged_looks
from models.experiments.naive import welch
from models.experiments.power import Precision, days_to_know, power, smallest_effect
from models.experiments.randomisation import Judged, Randomisation
from models.experiments.totals import Numbers, SlotTotals
from models.uplift.effects import Verdict
from pipelines.experiments.wording import TITLES, measure_sentence, naive_says
from routing.slots import SlotPlan
from serving.pages.experiment_plan import PlanRow
from serving.pages.experiment_report import LookRow, MeasureRow, NaiveRow, PowerPoint
from serving.pages.experiment_wording import MONEY, PURCHASES
from serving.pages.offers_report import Interval

PER = {PURCHASES: 1.0, MONEY: 1000.0}
_CURVE_POINTS = 24
_CURVE_REACHES = 2  # times the plan's own days


@dataclass(frozen=True, slots=True)
class Judging:
    """What all outcomes of one experiment are judged with."""

    plan: SlotPlan
    shown: PlanRow
    totals: SlotTotals
    draws: int
    over: bool

    @property
    def foreseen(self) -> tuple[tuple[int, Boundary], ...]:
        """The looks of the plan."""
        return foreseen(self.shown.days, every=self.plan.look_days)

    @property
    def critical(self) -> float:
        """What |z| must pass at the last look."""
        return self.foreseen[-1][1].z


def measure(judging: Judging, name: str, *, rng: np.random.Generator) -> MeasureRow:
    """Return one outcome, judged; the totals must be comparable."""
    totals, per = judging.totals, PER[name]
    outcome, squares = (
        (totals.bought, totals.bought) if name == PURCHASES else (totals.money, totals.squares)
    )
    test = Randomisation(totals, outcome=outcome, rng=rng, draws=judging.draws)
    now = test.judged()
    looks = _looks(judging, outcome, per=per, rng=rng)
    decided = next((look for look in looks if look.stops), None)
    verdict = _verdict(decided)
    precision, critical = _precision(now, judging), judging.critical
    needed = days_to_know(now.effect, precision=precision, critical=critical)
    left = None if needed is None else needed - judging.shown.judged_days
    effect = interval(now, per=per)
    told = welch(totals, outcome=outcome, squares=squares)
    sentence = measure_sentence(
        name,
        decided=decided,
        effect=effect,
        plan=judging.shown,
        days_left=left,
        over=judging.over,
    )
    return MeasureRow(
        name=name,
        title=TITLES[name],
        on=_mean(totals, outcome, totals.on) * per,
        off=_mean(totals, outcome, ~totals.on) * per,
        effect=effect,
        p=now.p,
        lasting=next((look.effect for look in reversed(looks) if look.due), None),
        verdict=verdict,
        sentence=sentence,
        naive=_naive(told, ours=verdict, per=per),
        looks=looks,
        days_needed=needed,
        days_left=left,
        power=power_curve(
            now.effect, precision=precision, days=judging.shown.days, critical=critical, per=per
        ),
    )


def interval(judged: Judged | None, *, per: float) -> Interval | None:
    """Return an effect with its interval per so many contacts; None where an end is infinite."""
    if judged is None or not (math.isfinite(judged.low) and math.isfinite(judged.high)):
        return None
    return Interval(judged.effect * per, judged.low * per, judged.high * per)


def power_curve(
    effect: float, *, precision: Precision, days: int, critical: float, per: float
) -> tuple[PowerPoint, ...]:
    """Return the power at this effect, by day, until twice the days of a plan."""
    last = days * _CURVE_REACHES
    points = []
    for day in sorted(
        {max(1, round(last * n / _CURVE_POINTS)) for n in range(1, 1 + _CURVE_POINTS)}
    ):
        error = precision.after(day)
        found = power(effect, error=error, critical=critical)
        points.append(PowerPoint(day, found, smallest_effect(error=error, critical=critical) * per))
    return tuple(points)


def look_rows(
    plan: SlotPlan,
    foreseen_looks: Sequence[tuple[int, Boundary]],
    *,
    seen: Sequence[Look],
    per: float,
) -> tuple[LookRow, ...]:
    """Return every look of the plan; those in `seen` are due."""
    due = {look.day: look for look in seen}
    return tuple(
        _row(due.get(day), day, boundary, at=_known_at(plan, day), per=per)
        for day, boundary in foreseen_looks
    )


def _row(look: Look | None, day: int, boundary: Boundary, *, at: datetime, per: float) -> LookRow:
    judged = look.judged if look else None
    return LookRow(
        day=day,
        at=at,
        due=look is not None,
        contacts=look.contacts if look else 0,
        z=boundary.z,
        level=boundary.level,
        spent=boundary.spent,
        effect=interval(judged, per=per),
        p=judged.p if judged else None,
        stops=look.stops if look else False,
    )


def _looks(
    judging: Judging, outcome: Numbers, *, per: float, rng: np.random.Generator
) -> tuple[LookRow, ...]:
    due = [one for one in judging.foreseen if one[0] <= judging.shown.judged_days]
    seen = judged_looks(judging.totals, outcome=outcome, due=due, rng=rng, draws=judging.draws)
    return look_rows(judging.plan, judging.foreseen, seen=seen, per=per)


def _known_at(plan: SlotPlan, day: int) -> datetime:
    return plan.after_days(day) + timedelta(days=plan.answer_days)


def _naive(told: Judged, *, ours: Verdict, per: float) -> NaiveRow:
    effect = Interval(told.effect * per, told.low * per, told.high * per)
    return NaiveRow(effect, told.p, naive_says(effect, ours=ours))


def _precision(now: Judged, judging: Judging) -> Precision:
    return Precision(now.error, max(judging.shown.judged_days, 1))


def _verdict(decided: LookRow | None) -> Verdict:
    if decided is None or decided.effect is None:
        return Verdict.UNKNOWN
    return Verdict.ADDS if decided.effect.estimate > 0 else Verdict.LOSES


def _mean(
    totals: SlotTotals, outcome: Numbers, arm: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> float:
    return float(outcome[arm].sum() / totals.contacts[arm].sum())
