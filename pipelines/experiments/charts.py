"""The pictures of the report of an experiment: its slots, its looks, its power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import msgspec

from models.uplift.effects import Verdict
from pipelines.chart_drawing import COLOURS, GREY, LINE, NARROW_PIXELS, WIDE_PIXELS, draw
from routing.slots import DAY_MINUTES
from serving.pages.experiment_plan import minutes_of
from serving.pages.experiment_report import LookRow, MeasureRow, PowerPoint, SlotRow
from serving.pages.experiment_wording import MONEY, PURCHASES, amount
from serving.pages.offers_report import Chart

ON_COLOUR, OFF_COLOUR = LINE, "#c98a1b"
# Beyond that dots are a fog, and a page that carries them is slow to load.
MOST_DOTS = 700
_FOUND = 0.8
_SHOWN_SHARE = 0.98  # of the slots; a single dear sale must not flatten the days
_DAY = "Day of the plan"


def slots_chart(slots: Sequence[SlotRow], *, name: str, title: str) -> Chart | None:
    """Return the mean of each day on and off, and each slot as a dot; None without slots."""
    if not slots:
        return None
    days = _days(slots, name)
    dots = _dots(slots, name) if len(slots) <= MOST_DOTS else []
    wide = draw(_slots(days, dots, title=title, narrow=False), width=WIDE_PIXELS)
    narrow = draw(_slots(days, [], title=title, narrow=True), width=NARROW_PIXELS)
    on, off = (sorted(day["mean"] for day in days if day["arm"] == arm) for arm in ("on", "off"))
    told = "; ".join(
        f"days {arm}: from {means[0]:,.2f} to {means[-1]:,.2f}"
        for arm, means in (("on", on), ("off", off))
        if means
    )
    return Chart(wide, narrow, f"{title}, day by day, as means of the hours on and off. {told}.")


def looks_chart(looks: Sequence[LookRow], *, name: str, title: str) -> Chart | None:
    """Return the intervals of the looks until now; None before the first."""
    rows = [
        {
            "day": look.day,
            "estimate": _shown(look.effect.estimate, name),
            "low": _shown(look.effect.low, name),
            "high": _shown(look.effect.high, name),
            "verdict": _verdict(look).value,
        }
        for look in looks
        if look.effect is not None
    ]
    if not rows:
        return None
    last = looks[-1].day
    wide = draw(_looks(rows, title=title, last=last, narrow=False), width=WIDE_PIXELS)
    narrow = draw(_looks(rows, title=title, last=last, narrow=True), width=NARROW_PIXELS)
    told = "; ".join(
        f"after day {look.day}: {amount(look.effect.estimate, name)}, from"
        f" {amount(look.effect.low, name)} to {amount(look.effect.high, name)}"
        for look in looks
        if look.effect is not None
    )
    return Chart(wide, narrow, f"{title} added, look by look. {told}.")


def power_chart(points: Sequence[PowerPoint], *, day: int) -> Chart:
    """Return the chance to know, by day; `day` is how many can be judged so far."""
    rows = [{"day": point.day, "power": point.power} for point in points]
    wide = draw(_power(rows, day=day, narrow=False), width=WIDE_PIXELS)
    narrow = draw(_power(rows, day=day, narrow=True), width=NARROW_PIXELS)
    told = ", ".join(f"{point.power:.0%} after {point.day} days" for point in points[::4])
    return Chart(wide, narrow, f"The chance to know, if the effect stays as it looks: {told}.")


def with_charts(row: MeasureRow, slots: Sequence[SlotRow], *, day: int) -> MeasureRow:
    """Return one outcome with its pictures; `day` is how many days can be judged so far."""
    return msgspec.structs.replace(
        row,
        slots_chart=slots_chart(slots, name=row.name, title=row.title),
        looks_chart=looks_chart(row.looks, name=row.name, title=row.title),
        power_chart=power_chart(row.power, day=day),
    )


def _shown(value: float, name: str) -> float:
    return value * 100 if name == PURCHASES else value


def _verdict(look: LookRow) -> Verdict:
    if look.effect is None or not look.stops:
        return Verdict.UNKNOWN
    return Verdict.ADDS if look.effect.estimate > 0 else Verdict.LOSES


def _days(slots: Sequence[SlotRow], name: str) -> list[dict[str, Any]]:
    """Return the mean of each day and arm, weighed by contacts."""
    sums: dict[tuple[int, bool], list[float]] = {}
    for slot in slots:
        added = sums.setdefault((slot.day, slot.on), [0.0, 0.0])
        added[0] += _value(slot, name) * slot.contacts
        added[1] += slot.contacts
    return [
        {"day": day, "arm": "on" if on else "off", "mean": total / contacts}
        for (day, on), (total, contacts) in sorted(sums.items())
    ]


def _value(slot: SlotRow, name: str) -> float:
    return _shown(slot.money if name == MONEY else slot.rate, name)


def _dots(slots: Sequence[SlotRow], name: str) -> list[dict[str, Any]]:
    return [
        {
            "day": slot.day + minutes_of(slot.starts) / DAY_MINUTES - 0.5,
            "arm": "on" if slot.on else "off",
            "value": _value(slot, name),
        }
        for slot in slots
    ]


def _slots(
    days: list[dict[str, Any]], dots: list[dict[str, Any]], *, title: str, narrow: bool
) -> Any:
    """Return the lines of the days, over the dots of the slots where there are any."""
    values = sorted(one["value"] for one in dots) or [day["mean"] for day in days]
    edge = round((len(values) - 1) * _SHOWN_SHARE)
    means = [day["mean"] for day in days]
    scale = alt.Scale(
        domain=[min(0.0, values[-1 - edge], *means), max(*means, values[edge])], clamp=True
    )
    colour = alt.Color(
        "arm:N",
        scale=alt.Scale(domain=["on", "off"], range=[ON_COLOUR, OFF_COLOUR]),
        legend=alt.Legend(title=None, orient="top", symbolOpacity=1, labelColor=GREY),
    )
    x = alt.X("day:Q", title=_DAY, axis=_days_axis(narrow), scale=alt.Scale(nice=False))
    layers = [
        alt.Chart(alt.Data(values=days))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28))
        .encode(
            x=x,
            y=alt.Y("mean:Q", title=title, axis=_measure_axis(), scale=scale),
            color=colour,
            strokeDash=alt.StrokeDash(
                "arm:N", scale=alt.Scale(domain=["on", "off"], range=[[1, 0], [6, 3]]), legend=None
            ),
        )
    ]
    if dots:
        below = alt.Chart(alt.Data(values=dots)).mark_circle(size=12, opacity=0.4)
        layers.insert(0, below.encode(x=x, y=alt.Y("value:Q", scale=scale), color=colour))
    return alt.layer(*layers).properties(height=220 if narrow else 280)


def _looks(rows: list[dict[str, Any]], *, title: str, last: int, narrow: bool) -> Any:
    """Return an upright interval for each look, on the days of the whole plan."""
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "day:Q", title=_DAY, axis=_days_axis(narrow), scale=alt.Scale(domain=[0, last + 1])
        ),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(
                domain=[verdict.value for verdict in COLOURS], range=list(COLOURS.values())
            ),
            legend=None,
        ),
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY, strokeWidth=1.5)
    axis = alt.Y("low:Q", title=f"{title}, added", axis=_measure_axis())
    layers = [
        zero.encode(y="zero:Q"),
        base.mark_rule(strokeWidth=4, opacity=0.55, strokeCap="round").encode(y=axis, y2="high:Q"),
        base.mark_circle(size=110, opacity=1).encode(y="estimate:Q"),
    ]
    return alt.layer(*layers).properties(height=220 if narrow else 240)


def _power(rows: list[dict[str, Any]], *, day: int, narrow: bool) -> Any:
    """Return the curve of power, with a line at 80 % and one at today."""
    axis = alt.Axis(format=".0%", tickCount=5)
    curve = alt.Chart(alt.Data(values=rows)).mark_line(color=LINE, strokeWidth=2.5)
    bar = alt.Chart(alt.Data(values=[{"power": _FOUND}])).mark_rule(color=GREY, strokeDash=[5, 4])
    today = alt.Chart(alt.Data(values=[{"day": day}])).mark_rule(color=GREY, strokeWidth=1.5)
    y = alt.Y("power:Q", title="Chance to know", axis=axis, scale=alt.Scale(domain=[0, 1]))
    x = alt.X("day:Q", title="Days judged", axis=_days_axis(narrow), scale=alt.Scale(nice=False))
    layers = [curve.encode(x=x, y=y), bar.encode(y=y), today.encode(x=x)]
    return alt.layer(*layers).properties(height=200 if narrow else 220)


def _days_axis(narrow: bool) -> alt.Axis:
    return alt.Axis(format="d", tickCount=4 if narrow else 8, tickMinStep=1, grid=False)


def _measure_axis() -> alt.Axis:
    return alt.Axis(format=",~r", tickCount=5)
