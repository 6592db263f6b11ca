"""The words and tables of a page, every one of them escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


class Markup(str):
    """Text that is HTML already; every other text is escaped where it is put into a page."""

    __slots__ = ()


def put(value: object) -> Markup:
    """Return a value as HTML: markup as it is, numbers short, everything else escaped."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(said(value)))


def said(value: object) -> str:
    """Return a value as a person reads it; a dash where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else str(value)


def number(value: float | None) -> str:
    """Return a figure: three decimals below 10, none above 1,000."""
    if value is None or not math.isfinite(value):
        return "–"
    decimals = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{decimals}f}"


def between(low: float | None, high: float | None) -> str:
    """Return an interval in words; empty where there is none."""
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def with_interval(row: Mapping[str, Any], measure: str) -> Markup:
    """Return a measure of a row of metrics with its interval below it."""
    value = put(row.get(measure))
    ends = between(row.get(f"{measure}_low"), row.get(f"{measure}_high"))
    return Markup(f"{value}<small>{escape(ends)}</small>" if ends else value)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, texts: int = 1) -> Markup:
    """Return a table; the first `texts` columns hold words, the others figures."""
    top = "".join(f"<th{_figure(place, texts)}>{put(name)}</th>" for place, name in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_figure(place, texts)}>{put(value)}</td>" for place, value in enumerate(r))
        + "</tr>"
        for r in rows
    )
    return Markup(
        f'<div class="table"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def objects(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return rows of an evidence file as a table, whatever plain columns they have.

    Columns `x_low` and `x_high` stand as an interval below `x`.
    """
    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if not any(isinstance(row.get(name), list | dict) for row in rows)
    ]
    ends = {f"{name}_{end}" for name in names for end in ("low", "high")}
    names = [name for name in names if name not in ends]
    words = [name for name in names if any(isinstance(row.get(name), str) for row in rows)]
    ordered = [*words, *(name for name in names if name not in words)]
    head = [name.replace("_", " ") for name in ordered]
    return table(
        head, [[with_interval(row, name) for name in ordered] for row in rows], texts=len(words)
    )


def details(title: str, inside: str, *, shown: bool = False) -> Markup:
    """Return a part that opens by a click, and stands open on paper."""
    state = " open" if shown else ""
    return Markup(f"<details{state}><summary>{put(title)}</summary>{inside}</details>")


def paragraph(text: str, *, quiet: bool = False) -> Markup:
    """Return a paragraph of plain text."""
    return Markup(f"<p{' class=quiet' if quiet else ''}>{put(text)}</p>")


def _figure(place: int, texts: int) -> str:
    return "" if place < texts else ' class="n"'
