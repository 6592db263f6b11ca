"""How long a plan must run, from how past weeks went without any plan."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from models.experiments.looks import foreseen
from models.experiments.power import Precision, days_to_know, smallest_effect
from models.experiments.randomisation import Randomisation
from models.experiments.totals import ExperimentError, SlotTotals
from models.pairs import ANSWER_DAYS
from pipelines.experiments.contacts import from_tables, settled_before
from pipelines.experiments.measures import power_curve
from pipelines.experiments.slots import placed, totals
from routing.slot_drawing import draw_plan
from serving.pages.experiment_report import PowerPoint

_LOOK_DAYS = 7
_SEED = 1  # of the trial plan laid over the past; which one hardly matters


class Foretold(msgspec.Struct, frozen=True):
    """What a plan would find: `effect`, `rate` and `smallest` are purchases per contact.

    `days` is until the effect is found in 8 of 10 such experiments, None beyond ten years;
    `smallest` what is found so at the end of the weeks asked for.
    """

    effect: float
    rate: float
    contacts_a_day: float
    days: int | None
    smallest: float
    points: tuple[PowerPoint, ...]
    sentence: str


def foretold(
    home: Path,
    *,
    tables: Path,
    as_of: datetime,
    effect: float,
    weeks: int,
    slot_minutes: int = 60,
    zone: str = "UTC",
) -> Foretold:
    """Lay a plan over the last `weeks` weeks of contacts, as if it had run, and read its error.

    Raises ExperimentError where the past holds too few contacts, SlotPlanError for a plan that
    cannot be.
    """
    settled = settled_before(as_of, answer_days=ANSWER_DAYS)
    start = (settled.astimezone(ZoneInfo(zone)) - timedelta(days=weeks * 7)).date()
    plan = draw_plan(
        start, zone=zone, weeks=weeks, seed=_SEED, made_at=as_of, slot_minutes=slot_minutes
    )
    contacts = from_tables(
        home, tables=tables, begins=plan.begins, until=plan.ends, answer_days=ANSWER_DAYS
    )
    added = totals(placed(contacts, plan=plan, days=weeks * 7))
    if not added.comparable:
        raise ExperimentError(
            f"'{tables}' holds {len(contacts):,} contacts in the {weeks} weeks before "
            f"{settled:%Y-%m-%d}: too few to foretell from.",
            fix="Give --as-of an instant with contacts before it, or more --weeks.",
        )
    return _foretold(added, effect=effect, days=weeks * 7)


def _foretold(added: SlotTotals, *, effect: float, days: int) -> Foretold:
    rng = np.random.default_rng(_SEED)
    error = Randomisation(added, outcome=added.bought, rng=rng).null_error()
    precision = Precision(error, days)
    critical = foreseen(days, every=_LOOK_DAYS)[-1][1].z
    needed = days_to_know(effect, precision=precision, critical=critical)
    smallest = smallest_effect(error=error, critical=critical)
    return Foretold(
        effect=effect,
        rate=float(added.bought.sum() / added.contacts.sum()),
        contacts_a_day=float(added.contacts.sum() / days),
        days=needed,
        smallest=smallest,
        points=power_curve(effect, precision=precision, days=days, critical=critical, per=1.0),
        sentence=_sentence(effect, needed, smallest=smallest, days=days),
    )


def _sentence(effect: float, needed: int | None, *, smallest: float, days: int) -> str:
    size = f"purchases {'up' if effect > 0 else 'down'} by {abs(effect) * 100:g} per 100 contacts"
    if needed is None:
        return f"To find {size} would take more than ten years."
    return (
        f"{needed:,} days find {size} in 8 of 10 cases; {days} days find a difference of "
        f"{smallest * 100:.2f} and more."
    )
