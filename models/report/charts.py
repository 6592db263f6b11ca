"""The pictures of the page as small inline SVG, coloured by the page: light, dark and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from models.report.markup import Markup, number

Point = tuple[float, float]
_WIDTH, _HEIGHT = 320, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 26, 40
# More points than pixels say nothing more.
_POINTS_AT_MOST = 60
_ROW, _NAMES, _VALUES = 26, 190, 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a picture: points, and optional ends (low, high) of an interval at each.

    `kind` is a class of the page's style: a (ours), b to d (others), quiet (what to compare with).
    """

    points: Sequence[Point]
    kind: str = "a"
    ends: Sequence[Point] = ()
    dots: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a picture of intervals or effects; without ends a bar from zero."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    beside: float | None = None


def plot(
    title: str, lines: Sequence[Line], *, across: str, up: str, ticks: Sequence[str] = ()
) -> Markup:
    """Return lines over two number axes; `ticks` are words for 0, 1, ... on the axis across."""
    shown = [line for line in lines if line.points]
    if not shown:
        return Markup("")
    x = _span([p[0] for line in shown for p in line.points], from_zero=not ticks)
    y = _span(
        [v for line in shown for p in line.points for v in (p[1],)]
        + [v for line in shown for ends in line.ends for v in ends],
        from_zero=not ticks,
    )
    place = _Place(x, y)
    inside = [_grid(place, ticks), *(_drawn(line, place) for line in shown)]
    inside += [
        f'<text class="t" x="0" y="13">{escape(title)}</text>',
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 5}" class="m">'
        f"{escape(across)}</text>",
        f'<text x="{_WIDTH - _RIGHT}" y="13" class="e">{escape(up)}</text>',
    ]
    legend = "".join(
        f'<span class="k {line.kind}">{escape(line.name)}</span>' for line in shown if line.name
    )
    described = escape(f"{title}: {up} against {across}")
    return Markup(
        f'<figure class="plot"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{described}">{"".join(inside)}</svg>'
        + (f"<figcaption>{legend}</figcaption>" if legend else "")
        + "</figure>"
    )


def bars(title: str, rows: Sequence[Bar], *, zero: bool = True) -> Markup:
    """Return one row per name: an interval with its value, or a bar from zero by sign.

    `beside` is a hollow mark on the same row: what to compare with.
    """
    if not rows:
        return Markup("")
    ends = [v for row in rows for v in (row.value, row.low, row.high, row.beside) if v is not None]
    low, high = _span(ends, from_zero=zero)
    width, tall = 640, _ROW * len(rows) + 30
    wide = width - _NAMES - _VALUES - 10

    def at(value: float) -> float:
        return _NAMES + wide * (value - low) / (high - low)

    inside = [f'<text class="t" x="0" y="13">{escape(title)}</text>']
    if zero:
        inside.append(f'<path class="axis" d="M{at(0):.1f} 22V{tall}"/>')
    inside += [_bar(row, 24 + _ROW * place, at) for place, row in enumerate(rows)]
    return Markup(
        f'<figure class="bars"><svg viewBox="0 0 {width} {tall}" role="img" '
        f'aria-label="{escape(title)}">{"".join(inside)}</svg></figure>'
    )


def _bar(row: Bar, top: int, at: object) -> str:
    where = at if callable(at) else float
    middle = top + _ROW / 2
    name = row.name if len(row.name) <= 30 else f"{row.name[:29]}…"
    text = f'<text x="0" y="{middle + 4:.1f}">{escape(name)}</text>'
    value = (
        f'<text class="e" x="640" y="{middle + 4:.1f}">'
        f"{number(row.value) if row.low is not None else f'{row.value:+.3f}'}</text>"
    )
    if row.low is None or row.high is None:
        start, end = sorted((where(0.0), where(row.value)))
        kind = "more" if row.value > 0 else "less"
        drawn = (
            f'<rect class="{kind}" x="{start:.1f}" y="{top + 6}" width="{end - start:.1f}" '
            f'height="{_ROW - 12}" rx="2"/>'
        )
    else:
        drawn = (
            f'<path class="a whisker" d="M{where(row.low):.1f} {middle}H{where(row.high):.1f}"/>'
            f'<circle class="a" cx="{where(row.value):.1f}" cy="{middle}" r="4.5"/>'
        )
    if row.beside is not None:
        drawn += f'<circle class="hollow" cx="{where(row.beside):.1f}" cy="{middle}" r="4"/>'
    return text + drawn + value


@dataclass(frozen=True, slots=True)
class _Place:
    """Where numbers of two axes lie in a picture."""

    x: Point
    y: Point

    def across(self, value: float) -> float:
        low, high = self.x
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)

    def up(self, value: float) -> float:
        low, high = self.y
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)


def _grid(place: _Place, ticks: Sequence[str]) -> str:
    drawn = []
    for value in _steps(*place.y):
        at = place.up(value)
        drawn.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>')
        drawn.append(f'<text class="e" x="{_LEFT - 6}" y="{at + 4:.1f}">{value:,.10g}</text>')
    floor = _HEIGHT - _BOTTOM
    named: list[tuple[float, str]] = [(v, f"{v:,.10g}") for v in _steps(*place.x)]
    if ticks:
        # Words are wider than numbers: at most four of them stand side by side.
        every = max(1, -(-len(ticks) // 4))
        named = [(float(n), word) for n, word in enumerate(ticks) if n % every == 0]
    for value, word in named:
        drawn.append(
            f'<text class="m" x="{place.across(value):.1f}" y="{floor + 16}">{escape(word)}</text>'
        )
    return "".join([*drawn, f'<path class="axis" d="M{_LEFT} {floor}H{_WIDTH - _RIGHT}"/>'])


def _drawn(line: Line, place: _Place) -> str:
    points = _fewer(line.points)
    path = "L".join(f"{place.across(x):.1f} {place.up(y):.1f}" for x, y in points)
    drawn = f'<path class="{line.kind} line" d="M{path}"/>'
    for (x, _), (low, high) in zip(line.points, line.ends, strict=False):
        drawn += (
            f'<path class="{line.kind} whisker" '
            f'd="M{place.across(x):.1f} {place.up(low):.1f}V{place.up(high):.1f}"/>'
        )
    if line.dots:
        drawn += "".join(
            f'<circle class="{line.kind}" cx="{place.across(x):.1f}" cy="{place.up(y):.1f}" r="3"/>'
            for x, y in points
        )
    return drawn


def _fewer(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) <= _POINTS_AT_MOST:
        return points
    chosen = np.linspace(0, len(points) - 1, _POINTS_AT_MOST).round().astype(int)
    return [points[place] for place in chosen]


def _span(values: Sequence[float], *, from_zero: bool) -> Point:
    low, high = min(values), max(values)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high <= low:
        return low - 0.5, high + 0.5
    room = 0.0 if from_zero else 0.08 * (high - low)
    return low - room, high + room


def _steps(low: float, high: float) -> list[float]:
    """Return round values between the ends, four to eight of them."""
    rough = (high - low) / 4
    size = 10 ** float(np.floor(np.log10(rough)))
    step = max(s for s in (size, 2 * size, 2.5 * size, 5 * size) if s <= rough)
    first = np.ceil(low / step - 1e-9)
    return [
        float(round(n * step, 10)) + 0.0 for n in np.arange(first, np.floor(high / step + 1e-9) + 1)
    ]
