"""The pages' plain English: numbers as marketers read them, and what a result asks them to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from features.contract import Stage
from models.uplift.effects import Verdict
from serving.pages.offers_report import CurvePoint, Interval, OfferRow, OffersReport, StageRow

STAGE_NAMES = {
    Stage.PROSPECT: "prospects",
    Stage.LEAD: "leads",
    Stage.NEW_BUSINESS: "new business",
    Stage.PURCHASER: "purchasers",
}
_MINUS = "\u2212"


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign and thousands separators; what rounds to zero has no sign."""
    shown = f"{abs(value):,.{decimals}f}"
    if float(shown.replace(",", "")) == 0:
        return shown
    return f"{'+' if value > 0 else _MINUS}{shown}"


def money(value: float) -> str:
    """Return an amount of money, whole, with its sign."""
    return signed(value, 0)


def points(value: float) -> str:
    """Return a difference of probabilities in percentage points, with its sign, without unit."""
    return signed(value * 100, 1)


def percent(value: float | None) -> str:
    """Return a share such as `7.4%`, or a dash."""
    return "\u2013" if value is None else f"{value * 100:.1f}%"


def money_range(interval: Interval) -> str:
    """Return the ends of an interval of money."""
    return f"{money(interval.low)} to {money(interval.high)}"


def points_range(interval: Interval) -> str:
    """Return the ends of an interval of percentage points."""
    return f"{points(interval.low)} to {points(interval.high)}"


def day(instant: datetime) -> str:
    """Return a day as `1 November 2026`."""
    return f"{instant.day} {instant:%B %Y}"


def listed(words: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def stage_names(stages: Sequence[Stage]) -> str:
    """Return the stages in words."""
    return listed([STAGE_NAMES[stage] for stage in stages])


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many}"


def summary(report: OffersReport) -> str:
    """Say in one sentence how the offers stand."""
    parts: list[str] = []
    words = (
        (Verdict.ADDS, "adds money", "add money"),
        (Verdict.LOSES, "loses money", "lose money"),
        (Verdict.UNKNOWN, "is not yet known", "are not yet known"),
    )
    for verdict, one, many in words:
        count = sum(row.verdict is verdict for row in report.offers)
        if count:
            number = _NUMBERS.get(count, str(count))
            noun = "" if parts else " offer" if count == 1 else " offers"
            parts.append(f"{number}{noun} {one if count == 1 else many}")
    sentence = listed(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def verdict_sentence(row: OfferRow) -> str:
    """Say what presenting the offer does, with the interval that it rests on."""
    if row.money is None:
        return "Whether presenting it adds money is not yet known."
    between = f"between {money(row.money.low)} and {money(row.money.high)} per 1,000 contacts"
    match row.verdict:
        case Verdict.ADDS:
            return f"Presenting it adds money: {between}."
        case Verdict.LOSES:
            return f"Presenting it loses money: {between}."
        case Verdict.UNKNOWN:
            return f"Whether presenting it adds money is not yet known: {between}."


def advice(row: OfferRow) -> str:
    """Say what to do about the offer, with the stages that stand against the whole."""
    gaining = _where(row.stages, Verdict.ADDS)
    losing = _where(row.stages, Verdict.LOSES)
    match row.verdict:
        case Verdict.ADDS if losing:
            return f"Keep presenting it, but not to {losing}: there it loses money."
        case Verdict.ADDS:
            return "Keep presenting it."
        case Verdict.LOSES if gaining:
            return f"Stop presenting it, except to {gaining}: there it adds money."
        case Verdict.LOSES:
            return "Stop presenting it: nothing is lost by offering nothing."
        case Verdict.UNKNOWN:
            return _waiting(row, gaining=gaining, losing=losing)


def _waiting(row: OfferRow, *, gaining: str, losing: str) -> str:
    """Say what to do while the whole is not yet known."""
    parts: list[str] = []
    if gaining:
        parts.append(f"Keep presenting it to {gaining}, where it adds money.")
    if losing:
        parts.append(f"Stop presenting it to {losing}, where it loses money.")
    where = "elsewhere" if parts else "at random to a part of the contacts"
    if row.money is None:
        parts.append(f"Go on presenting it {where} until there are enough contacts to say.")
    else:
        parts.append(f"Go on presenting it {where} until the range leaves zero behind.")
    return " ".join(parts)


def _where(stages: Sequence[StageRow], verdict: Verdict) -> str:
    return stage_names([part.stage for part in stages if part.verdict is verdict])


_NUMBERS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
}


def tenths(points_of_curve: Sequence[CurvePoint]) -> list[CurvePoint]:
    """Return the drawn points nearest to each tenth of the contacts, without repeats."""
    chosen = {
        min(points_of_curve, key=lambda point: abs(point.share - tenth / 10)): None
        for tenth in range(1, 11)
    }
    return [point for point in chosen if point.share > 0]
