"""How every picture of a report is drawn: as SVG without a script, a font file or the network.

They stand on light and on dark pages: no background, mid-grey axes, colours of middle lightness;
the style sheet of the pages may refine them. Each is drawn for a wide and for a narrow screen.
"""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import vl_convert

from models.uplift.effects import Verdict

WIDE_PIXELS, NARROW_PIXELS = 760, 340
GREY, LINE = "#80868f", "#3f7fd0"
COLOURS = {Verdict.ADDS: "#1f9d76", Verdict.LOSES: "#d1603d", Verdict.UNKNOWN: GREY}
FONT = "system-ui, sans-serif"
# The reader's font is not known here: room for a wide one.
LETTER_PIXELS, MOST_NAME_PIXELS = 8, 230


def draw(chart: Any, *, width: int) -> str:
    """Return the chart as SVG of that width in all, without roles, links or style attributes."""
    finished = (
        chart.properties(
            width=width,
            background="transparent",
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            padding=4,
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=GREY,
            titleColor=GREY,
            domainColor=GREY,
            tickColor=GREY,
            gridColor=GREY,
            gridOpacity=0.2,
            labelFont=FONT,
            titleFont=FONT,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=10,
            labelLimit=MOST_NAME_PIXELS,
        )
    )
    # Every part was checked when it was made; checking the whole again takes as long as drawing.
    svg = vl_convert.vegalite_to_svg(finished.to_dict(validate=False))
    return _plain(svg)


def _plain(svg: str) -> str:
    """Strip what a strict content security policy refuses and a screen reader need not hear.

    The page gives each picture one label; the marks' own labels would be read one by one.
    """
    return re.sub(r'\s(?:aria-[a-z]+|role|style|xmlns:xlink)="[^"]*"', "", svg)
