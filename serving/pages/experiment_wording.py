"""What the page of an experiment says first: whether it is known, and what to do now."""

from __future__ import annotations

from models.uplift.effects import Verdict
from routing.slot_state import State
from serving.pages.experiment_plan import PlanRow
from serving.pages.experiment_report import Counts, ExperimentReport, LookRow, MeasureRow
from serving.pages.offers_report import Interval
from serving.pages.wording import counted, day, signed

PURCHASES, MONEY = "purchases", "money"
UNKNOWN = Verdict.UNKNOWN
STATES = {
    State.WAITING: "not begun",
    State.RUNNING: "running",
    State.OVER: "over",
    State.ENDED: "ended",
}


def amount(value: float, name: str) -> str:
    """Return a figure of a measure with its sign, in the unit of its title."""
    return signed(value * 100, 2) if name == PURCHASES else signed(value, 0)


def level(value: float, name: str) -> str:
    """Return a mean of a measure, in the unit of its title."""
    return f"{value * 100:.2f}" if name == PURCHASES else f"{value:,.0f}"


def ends(interval: Interval, name: str) -> str:
    """Return the ends of an interval of a measure."""
    return f"{amount(interval.low, name)} to {amount(interval.high, name)}"


def verdict(row: MeasureRow) -> str:
    """Return the verdict on one outcome: on buyers it is not one on money."""
    if row.name == MONEY or row.verdict is Verdict.UNKNOWN:
        return row.verdict.value
    return "adds buyers" if row.verdict is Verdict.ADDS else "loses buyers"


def known(report: ExperimentReport | None, *, plan: PlanRow, state: State) -> str:
    """Say in one sentence what is known of the money that the offers bring."""
    money = _money(report)
    look = deciding(money)
    if money is not None and look is not None and look.effect is not None:
        verb = "adds" if look.effect.estimate > 0 else "loses"
        size = f"{abs(look.effect.estimate):,.0f}"
        between = f"between {signed(look.effect.low, 0)} and {signed(look.effect.high, 0)}"
        return f"Offering {verb} {size} per 1,000 contacts, {between}."
    if state is State.WAITING:
        return f"It begins on {day(plan.first_day)}."
    if money is None or money.effect is None:
        return "Not yet known: too few days are old enough to judge."
    if state is not State.RUNNING:
        return "Not known: it ended before the answer was clear."
    return f"Not yet known: {_more(money.days_left)}."


def what_to_do(report: ExperimentReport | None, *, plan: PlanRow, state: State) -> str:
    """Say what to do; commands stand between backticks."""
    money = _money(report)
    look = deciding(money)
    if look is not None and look.effect is not None:
        stop = state is State.RUNNING
        return _decided(look.effect.estimate > 0, stop=stop)
    if state is State.WAITING:
        return "Nothing yet. Until then everything runs as usual."
    if state is State.RUNNING:
        return _running(money, plan)
    if money is None:
        return "Run `callworth experiment analyse`: it judges what was logged."
    if money.days_needed is None:
        return "Plan no longer one for this effect: it is too small to find within ten years."
    return f"To know, plan one of {counted(money.days_needed, 'day', 'days')} or more."


def p_value(p: float | None) -> str:
    """Return a p-value as it is read, or a dash."""
    if p is None:
        return "\u2013"
    return f"{p:.4f}" if p >= 0.0001 else "below .0001"


def counts(found: Counts) -> tuple[tuple[str, int], ...]:
    """Return who is compared and who is left out, with how many contacts there are of each."""
    return (
        ("Compared, hours on", found.on),
        ("Compared, hours off", found.off),
        ("Left out: in the wash-out after a switch", found.washed_out),
        ("Left out: customers held back for good", found.held_back),
    )


def next_look(report: ExperimentReport | None) -> LookRow | None:
    """Return the first look that is still to come, None where there is none."""
    money = _money(report)
    return next((look for look in money.looks if not look.due), None) if money else None


def deciding(row: MeasureRow | None) -> LookRow | None:
    """Return the look at which an effect became known, None where none did."""
    return next((look for look in row.looks if look.stops), None) if row else None


def verdict_of(report: ExperimentReport | None) -> Verdict:
    """Return what is known of the money."""
    return report.verdict if report else Verdict.UNKNOWN


def _decided(adds: bool, *, stop: bool) -> str:
    end = "Stop: it is known. Run `callworth experiment stop --why REASON`" if stop else ""
    if adds:
        return f"{end}, and the offers are on for everybody." if stop else "Keep offering."
    look = "See on the list of offers which ones lose money, and pause them."
    return f"{end}. {look}" if stop else look


def _running(money: MeasureRow | None, plan: PlanRow) -> str:
    if money is None:
        waits = counted(plan.answer_days, "day", "days")
        return f"Let it run. A contact counts once it is {waits} old."
    left = plan.days - plan.judged_days
    if money.days_left is None or money.days_left > left:
        return f"Let it run, and expect no answer: {counted(left, 'day', 'days')} are left of it."
    return "Let it run, and decide nothing between the looks."


def _more(days_left: int | None) -> str:
    if days_left is None:
        return "an effect so small would take more than ten years"
    if days_left <= 0:
        return "if the effect is as large as it looks, the next look should tell"
    return f"{counted(days_left, 'more day', 'more days')} to know, if the effect stays as it looks"


def _money(report: ExperimentReport | None) -> MeasureRow | None:
    rows = report.measures if report else ()
    return next((row for row in rows if row.name == MONEY), None)
