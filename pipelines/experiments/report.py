"""Write the report of an experiment: what hours on add over hours off, for the page to show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from features.staging import staged_file
from models.experiments.arrivals import arrivals_p
from models.experiments.hold_back import hold_back_effect
from models.experiments.randomisation import DRAWS
from models.experiments.totals import ExperimentError, SlotTotals
from models.uplift.effects import Verdict
from pipelines.experiments.charts import with_charts
from pipelines.experiments.contacts import Contacts
from pipelines.experiments.measures import PER, Judging, interval, measure
from pipelines.experiments.slots import PlacedContacts, placed, totals
from pipelines.experiments.wording import hold_back_sentence
from routing.slots import SlotPlan
from serving.pages.experiment_plan import clock, plan_row
from serving.pages.experiment_report import (
    Counts,
    ExperimentReport,
    HoldBackRow,
    MeasureRow,
    SlotRow,
    experiment_path,
)
from serving.pages.experiment_wording import MONEY, PURCHASES

_LEAST_AGREEING = 0.9
_FULLY_AGREEING = 0.99
_UNEVEN_P = 0.001  # the usual bar of a sample ratio mismatch


def judged_days(plan: SlotPlan, *, settled: datetime) -> int:
    """Return how many whole days of the plan lie before `settled`, and before its end."""
    until = settled if plan.ended_at is None else min(settled, plan.ended_at)
    days = plan.weeks * 7
    return sum(plan.after_days(day) <= until for day in range(1, days + 1))


def analyse(
    contacts: Contacts,
    *,
    plan: SlotPlan,
    as_of: datetime,
    settled: datetime,
    draws: int = DRAWS,
) -> ExperimentReport:
    """Return the report on the contacts that began before `settled`; draws come of the plan's seed.

    Raises ExperimentError where the contacts were not decided by this plan.
    """
    days = judged_days(plan, settled=settled)
    found = placed(contacts, plan=plan, days=days)
    _demand_agreement(found, plan)
    added = totals(found)
    slots = slot_rows(added, plan=plan)
    shown = plan_row(plan, judged_days=days)
    over = plan.over(as_of) and judged_days(plan, settled=as_of) == days
    rng = np.random.default_rng([plan.seed, days])
    measures: tuple[MeasureRow, ...] = ()
    if added.comparable:
        judging = Judging(plan, shown, added, draws, over)
        measures = tuple(
            with_charts(measure(judging, name, rng=rng), slots, day=days)
            for name in (MONEY, PURCHASES)
        )
    money = measures[0] if measures else None
    return ExperimentReport(
        plan=shown,
        as_of=as_of,
        source=contacts.source,
        verdict=money.verdict if money else Verdict.UNKNOWN,
        decided=money is not None and money.verdict is not Verdict.UNKNOWN,
        sentence=money.sentence if money else _too_early(plan),
        counts=_counts(found),
        measures=measures,
        hold_back=_hold_back(found, plan),
        slots=slots,
        warnings=_warnings(found, added, rng=rng),
        draws=draws,
    )


def write_experiment(home: Path, report: ExperimentReport) -> Path:
    """Write the report in one step; return its path."""
    target = experiment_path(home)
    with staged_file(target) as staged:
        staged.write_bytes(msgspec.json.encode(report))
    return target


def slot_rows(added: SlotTotals, *, plan: SlotPlan) -> tuple[SlotRow, ...]:
    """Return the slots as the page shows them, in time's order."""
    first = plan.start.weekday()
    return tuple(
        SlotRow(
            week=int(added.day[i]) // 7,
            weekday=(first + int(added.day[i])) % 7,
            starts=clock(int(added.hour[i]) * plan.slot_minutes),
            on=bool(added.on[i]),
            contacts=int(added.contacts[i]),
            buyers=int(added.bought[i]),
            rate=float(added.bought[i] / added.contacts[i]),
            money=float(added.money[i] / added.contacts[i] * PER[MONEY]),
            day=int(added.day[i]) + 1,
        )
        for i in range(len(added))
    )


def _too_early(plan: SlotPlan) -> str:
    return (
        "It is too early to say anything: contacts count once they are "
        f"{plan.answer_days} days old, and some days of them are needed."
    )


def _counts(found: PlacedContacts) -> Counts:
    counted, on = found.counted, found.on
    return Counts(
        contacts=len(found.contacts),
        on=int((counted & on).sum()),
        off=int((counted & ~on).sum()),
        washed_out=int((found.washed & ~found.held).sum()),
        held_back=int(found.held.sum()),
        agreeing_share=found.agreeing_share,
    )


def _hold_back(found: PlacedContacts, plan: SlotPlan) -> HoldBackRow:
    """Compare the held back with the others in slots that were on, wash-out left out."""
    chosen = found.on & ~found.washed
    held, customer = found.held[chosen], found.contacts.customer[chosen]
    effects = {
        name: interval(
            hold_back_effect(outcome[chosen], customer=customer, held=held), per=PER[name]
        )
        for name, outcome in ((PURCHASES, found.contacts.bought), (MONEY, found.contacts.money))
    }
    purchases, money = effects[PURCHASES], effects[MONEY]
    return HoldBackRow(
        customers=len(np.unique(customer[held])),
        contacts=int(held.sum()),
        other_contacts=int((~held).sum()),
        purchases=purchases,
        money=money,
        sentence=hold_back_sentence(purchases, money, share=plan.hold_back_share),
    )


def _demand_agreement(found: PlacedContacts, plan: SlotPlan) -> None:
    if found.agreeing_share < _LEAST_AGREEING:
        raise ExperimentError(
            f"Only {found.agreeing_share:.0%} of the contacts stand in the arm that plan "
            f"{plan.label} gives them.",
            fix="They were not decided by this plan: name its own contacts, or another --plan.",
        )


def _warnings(
    found: PlacedContacts, added: SlotTotals, *, rng: np.random.Generator
) -> tuple[str, ...]:
    """Return in plain words why the figures should be read with care."""
    said = []
    if found.agreeing_share < _FULLY_AGREEING:
        said.append(
            f"{1 - found.agreeing_share:.1%} of the contacts stand in another arm than the plan "
            "gives: the effect is understated."
        )
    if added.comparable and arrivals_p(added, rng=rng) < _UNEVEN_P:
        said.append(
            "More contacts came to one arm than chance explains: who counts depends on the arm, "
            "so do not trust the comparison."
        )
    return tuple(said)
