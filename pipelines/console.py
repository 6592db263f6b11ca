"""What a step says: bars and colour at a terminal, plain lines in a pipe, JSON for a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text


class RateColumn(ProgressColumn):
    """Units done a second."""

    def render(self, task: Task) -> Text:
        """Return the rate, or a dash before the first unit is done."""
        unit = str(task.fields.get("unit", "items"))
        return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else f"- {unit}/s", style="dim")


# A pipe has no width of its own: nothing is cut off there.
PIPE_COLUMNS = 240


def _standard_output() -> Console:
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_COLUMNS)


@dataclass(slots=True)
class Screen:
    """Where a step speaks; with `as_json` only the closing JSON goes to standard output."""

    as_json: bool = False
    out: Console = field(default_factory=_standard_output)
    err: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True)
    )

    @contextmanager
    def track(self, doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """Show a bar with its rate and the time left while the work goes on."""
        bar = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            RateColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.err,
            transient=True,
            disable=self.as_json or not self.err.is_terminal,
        )
        with bar:
            task = bar.add_task(doing, total=total, unit=unit)
            yield lambda count: bar.advance(task, count)

    def say(self, text: str = "") -> None:
        """Print one line for a person; nothing when JSON was asked for."""
        if not self.as_json:
            self.out.print(text, markup=True)

    def plain(self, text: str) -> None:
        """Print text as it is, brackets and all; nothing when JSON was asked for."""
        if not self.as_json:
            self.out.print(text, markup=False)

    def done(self, text: str) -> None:
        """Print that a step is done."""
        self.say(f"[green]✓[/green] {text}")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table; numbers are right-aligned."""
        if self.as_json:
            return
        self.say(f"[italic]{escape(title)}[/italic]")
        shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for place, name in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[place], int | float) for row in rows)
            shown.add_column(name, justify="right" if numeric else "left", no_wrap=True)
        for row in rows:
            shown.add_row(*(escape(_cell(value)) for value in row))
        self.out.print(shown)

    def result(self, facts: Mapping[str, object] | msgspec.Struct) -> None:
        """Print the closing facts as one JSON object, if JSON was asked for."""
        if self.as_json:
            json.dump(msgspec.to_builtins(facts, enc_hook=_plain), sys.stdout, indent=2)
            sys.stdout.write("\n")


def _plain(value: object) -> object:
    """Return what JSON can hold: JSON that is already text as what it says, all else as text."""
    if isinstance(value, msgspec.Raw):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:  # of an erased customer: it says so instead
            return bytes(value).decode("utf-8", "replace")
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
