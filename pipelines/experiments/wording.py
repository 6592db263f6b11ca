"""What an experiment has shown so far, in plain sentences."""

from __future__ import annotations

from models.uplift.effects import Verdict
from serving.pages.experiment_plan import PlanRow
from serving.pages.experiment_report import LookRow
from serving.pages.experiment_wording import MONEY, PURCHASES, amount
from serving.pages.offers_report import Interval

TITLES = {PURCHASES: "Buyers per 100 contacts", MONEY: "Money per 1,000 contacts"}


def between(interval: Interval, name: str) -> str:
    """Return the ends of an interval in words."""
    return f"between {amount(interval.low, name)} and {amount(interval.high, name)}"


def unit(name: str) -> str:
    """Return what a figure of the measure is of."""
    return "buyers per 100 contacts" if name == PURCHASES else "money per 1,000 contacts"


def measure_sentence(
    name: str,
    *,
    decided: LookRow | None,
    effect: Interval | None,
    plan: PlanRow,
    days_left: int | None,
    over: bool,
) -> str:
    """Say what is known of one measure, and what it takes to know more."""
    if decided is not None and decided.effect is not None:
        verb = "adds" if decided.effect.estimate > 0 else "loses"
        size = amount(abs(decided.effect.estimate), name).lstrip("+")
        return (
            f"On {verb} {size} {unit(name)} ({between(decided.effect, name)}): known since the "
            f"look after day {decided.day}."
        )
    if effect is None:
        return f"It is too early to say anything about {unit(name)}."
    found = f"{amount(effect.estimate, name)} {unit(name)} so far, {between(effect, name)}"
    if over:
        return f"Not known at its end: {found}. {_more(days_left)}"
    return f"Not yet known: {found}. {_more(days_left)} {_room(plan, days_left)}".rstrip()


def _more(days_left: int | None) -> str:
    """Say how many more days it takes if the effect is what it seems."""
    if days_left is None:
        return "An effect so small would take more than ten years to know."
    if days_left <= 0:
        return "If the effect is this large, the next look should know."
    days = "day" if days_left == 1 else "days"
    return f"If the effect is this large, {days_left:,} more {days} to know."


def _room(plan: PlanRow, days_left: int | None) -> str:
    left = plan.days - plan.judged_days
    if days_left is None or days_left <= left:
        return ""
    return f"The plan has {left} left: it is likely to end without an answer."


def naive_says(naive: Interval, *, ours: Verdict) -> str:
    """Say what the t-test over contacts would have had you believe."""
    finds = naive.low > 0 or naive.high < 0
    if finds and ours is Verdict.UNKNOWN:
        return "It calls this an effect; the hours of the plan do not bear that out yet."
    if finds:
        return "It agrees here; it also finds effects where there are none."
    return "It finds nothing here either."


def hold_back_sentence(purchases: Interval | None, money: Interval | None, *, share: float) -> str:
    """Say what the customers who are never offered anything show."""
    if share <= 0:
        return "This plan holds nobody back for good."
    if purchases is None or money is None:
        return "Too few contacts of customers who are held back for good to say anything yet."
    return (
        f"In the hours that were on, customers who may be offered something brought "
        f"{amount(purchases.estimate, PURCHASES)} buyers per 100 contacts "
        f"({between(purchases, PURCHASES)}) and {amount(money.estimate, MONEY)} money per 1,000 "
        f"({between(money, MONEY)}) over those who never are."
    )
