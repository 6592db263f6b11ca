"""A table as a CSV file for a spreadsheet, in which no cell is ever run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# What begins a formula, also in the wide forms that some spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROL = ("\t", "\r", "\n")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the file's text; None is an empty cell."""
    text = io.StringIO()
    # Text is quoted: where a semicolon parts the columns, it must not begin one within a cell.
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(head)
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    return text.getvalue()


def _safe(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and (
        value.startswith(_CONTROL) or value.lstrip().startswith(_FORMULA)
    ):
        return f"'{value}"
    return value
