"""The tables of a page as files: each is declared once, and answered at an address of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request, Response

from serving.pages.csv_file import csv_text
from serving.pages.frame import Choice, Frame
from serving.pages.page import Address, Handler

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class CsvTable(Generic[Found]):
    """One table: `path` is its address, `file` what a download is called, without the ending.

    `rows` gives its lines from what the page shows, each as long as `head`.
    """

    path: str
    file: Callable[[Found], str]
    head: Sequence[str]
    rows: Callable[[Found], Iterable[Sequence[object]]]


def csv_addresses(
    frame: Frame,
    tables: Sequence[CsvTable[Found]],
    *,
    found: Callable[[Request], Found],
    here: str,
    choices: Callable[[], Sequence[Choice]] = tuple,
) -> tuple[Address, ...]:
    """Return where the tables are answered; `found` gives what the page at a request shows.

    Where it raises, the answer is that of the page: `here` names its line, `choices` lead on.
    """

    def handler(table: CsvTable[Found]) -> Handler:
        async def file(request: Request) -> Response:
            def csv() -> Response:
                shown = found(request)
                text = csv_text(table.head, table.rows(shown))
                return frame.csv(text, name=table.file(shown))

            return frame.answer(request, csv, here=here, choices=choices)

        return file

    return tuple(Address(table.path, handler(table)) for table in tables)
