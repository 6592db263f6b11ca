"""The pictures of the offers report: added money offer by offer, and the gain curve of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from models.uplift.curves import GainCurve
from pipelines.chart_drawing import (
    COLOURS,
    GREY,
    LETTER_PIXELS,
    LINE,
    MOST_NAME_PIXELS,
    NARROW_PIXELS,
    WIDE_PIXELS,
    draw,
)
from serving.pages.offers_report import Chart, OfferRow

_PER = 1000


def money_chart(offers: Sequence[OfferRow]) -> Chart | None:
    """Return the offers' added money with intervals, or None where no offer has any."""
    rows = [
        {
            "offer": offer.name,
            "estimate": offer.money.estimate,
            "low": offer.money.low,
            "high": offer.money.high,
            "verdict": offer.verdict.value,
        }
        for offer in offers
        if offer.money is not None
    ]
    if not rows:
        return None
    wide = draw(_money(rows, named_inside=False), width=WIDE_PIXELS)
    narrow = draw(_money(rows, named_inside=True), width=NARROW_PIXELS)
    described = "; ".join(
        f"{row['offer']}: {row['estimate']:,.0f}, from {row['low']:,.0f} to {row['high']:,.0f}"
        for row in rows
    )
    return Chart(wide, narrow, f"Money added per 1,000 contacts. {described}.")


def curve_chart(curve: GainCurve, *, described: str) -> Chart:
    """Return the picture of a gain curve in buyers added per 1,000 contacts."""
    rows = [
        {
            "share": float(share),
            "gain": float(gain) * _PER,
            "low": float(low) * _PER,
            "high": float(high) * _PER,
            "random": float(random) * _PER,
        }
        for share, gain, low, high, random in zip(
            curve.share, curve.gain, curve.low, curve.high, curve.at_random, strict=True
        )
    ]
    wide = draw(_curve(rows, narrow=False), width=WIDE_PIXELS)
    narrow = draw(_curve(rows, narrow=True), width=NARROW_PIXELS)
    return Chart(wide, narrow, described)


def _money(rows: list[dict[str, Any]], *, named_inside: bool) -> Any:
    """Return the interval chart; on a narrow screen the names stand above the intervals."""
    order = [row["offer"] for row in rows]
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(
            domain=[verdict.value for verdict in COLOURS], range=list(COLOURS.values())
        ),
        legend=None,
    )
    axis = alt.Axis(format=",.0f", tickCount=4 if named_inside else 7, labelFlush=False)
    x_title = "Money added per 1,000 contacts"
    names = None
    if not named_inside:
        widest = max(len(row["offer"]) for row in rows) * LETTER_PIXELS
        names = alt.Axis(
            ticks=False, domain=False, labelPadding=14, minExtent=min(widest, MOST_NAME_PIXELS)
        )
    y = alt.Y("offer:N", sort=order, title=None, axis=names)
    base = alt.Chart(alt.Data(values=rows))
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY, strokeWidth=1.5)
    layers = [
        zero.encode(x=alt.X("zero:Q")),
        base.mark_rule(strokeWidth=4, opacity=0.55, strokeCap="round").encode(
            x=alt.X("low:Q", title=x_title, axis=axis), x2="high:Q", y=y, color=colour
        ),
        base.mark_circle(size=110, opacity=1).encode(x="estimate:Q", y=y, color=colour),
    ]
    if named_inside:
        text = base.mark_text(align="left", dy=-16, fontSize=13, color=GREY)
        layers.append(text.encode(y=y, text="offer:N", x=alt.value(0)))
    return alt.layer(*layers).properties(height=alt.Step(56 if named_inside else 46))


def _curve(rows: list[dict[str, Any]], *, narrow: bool) -> Any:
    """Return the gain curve with its band and the straight line of a choice at random."""
    presented_to = "" if narrow else " it is presented to"
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "share:Q",
            title=f"Share of contacts{presented_to}, most promising first",
            axis=alt.Axis(format=".0%", tickCount=5, grid=False),
            scale=alt.Scale(domain=[0, 1]),
        )
    )
    title = "Buyers added per 1,000 contacts"
    axis = alt.Axis(format=",.0f", tickCount=6)
    layers = [
        base.mark_area(opacity=0.2, color=LINE).encode(
            y=alt.Y("low:Q", title=title, axis=axis), y2="high:Q"
        ),
        base.mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.5).encode(y="random:Q"),
        base.mark_line(color=LINE, strokeWidth=2.5).encode(y="gain:Q"),
    ]
    return alt.layer(*layers).properties(height=240 if narrow else 320)
