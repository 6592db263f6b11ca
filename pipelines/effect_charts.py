"""The pictures of predicted against observed uplift, and of the offers along a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from pipelines.chart_drawing import GREY, LINE, NARROW_PIXELS, WIDE_PIXELS, draw
from serving.pages.offers_report import BudgetPoint, Chart, TenthRow

_POINTS = 100


def tenths_chart(rows: Sequence[TenthRow], *, described: str) -> Chart:
    """Return observed uplift with intervals by tenth, and what was predicted as hollow marks."""
    data = [
        {
            "tenth": row.tenth,
            "predicted": row.predicted * _POINTS,
            "observed": row.observed.estimate * _POINTS,
            "low": row.observed.low * _POINTS,
            "high": row.observed.high * _POINTS,
        }
        for row in rows
    ]
    wide, narrow = (
        draw(_tenths(data, narrow=small), width=pixels)
        for small, pixels in ((False, WIDE_PIXELS), (True, NARROW_PIXELS))
    )
    said = "; ".join(
        f"tenth {row['tenth']}: predicted {row['predicted']:.1f}, observed {row['observed']:.1f}"
        for row in data
    )
    return Chart(wide, narrow, f"{described} In points: {said}.")


def budget_chart(points: Sequence[BudgetPoint], *, described: str) -> Chart:
    """Return money added against money spent on presenting, per 1,000 contacts, with its band."""
    data = [
        {
            "spent": point.spent,
            "added": point.added.estimate,
            "low": point.added.low,
            "high": point.added.high,
        }
        for point in points
    ]
    wide, narrow = (
        draw(_budget(data, narrow=small), width=pixels)
        for small, pixels in ((False, WIDE_PIXELS), (True, NARROW_PIXELS))
    )
    return Chart(wide, narrow, described)


def _tenths(rows: list[dict[str, Any]], *, narrow: bool) -> Any:
    across = "Tenth of contacts" + ("" if narrow else ", highest prediction first")
    axis = alt.Axis(labelAngle=0, ticks=False, grid=False)
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("tenth:O", title=across, axis=axis))
    up = alt.Axis(format=",.0f", tickCount=6)
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY, strokeWidth=1.5)
    layers = [
        zero.encode(y=alt.Y("zero:Q")),
        base.mark_rule(color=LINE, strokeWidth=4, opacity=0.5, strokeCap="round").encode(
            y=alt.Y("low:Q", title="Uplift in points", axis=up), y2="high:Q"
        ),
        base.mark_circle(color=LINE, size=90, opacity=1).encode(y="observed:Q"),
        base.mark_point(color=GREY, size=90, strokeWidth=2).encode(y="predicted:Q"),
    ]
    return alt.layer(*layers).properties(height=240 if narrow else 300)


def _budget(rows: list[dict[str, Any]], *, narrow: bool) -> Any:
    title = "Spent on presenting" + ("" if narrow else ", per 1,000 contacts")
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("spent:Q", title=title, axis=alt.Axis(format=",.0f", tickCount=5, grid=False))
    )
    up = "Money added per 1,000 contacts"
    axis = alt.Axis(format=",.0f", tickCount=6)
    layers = [
        base.mark_area(opacity=0.2, color=LINE).encode(
            y=alt.Y("low:Q", title=up, axis=axis), y2="high:Q"
        ),
        base.mark_line(color=LINE, strokeWidth=2.5).encode(y="added:Q"),
    ]
    return alt.layer(*layers).properties(height=240 if narrow else 320)
