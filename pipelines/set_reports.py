"""The reports on a strategy set, counted while it is formed: what changed, and who gets nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from features.errors import FeatureError
from features.staging import staged_file
from routing.errors import RoutingError
from routing.nothing import WhyNothing, why_nothing
from routing.open_set import OpenSet
from routing.strategy import Strategy
from routing.strategy_diff import StrategyDiff, Tally
from routing.strategy_file import Header, header_of
from routing.strategy_pointer import read_pointer
from routing.strategy_writer import Published
from serving.pages.changes_report import SetChange, changes_file, changes_path, with_change
from serving.pages.nothing_report import NothingReport, NothingRow, nothing_path

_Cell = tuple[str, str, str]


class SetReports:
    """Counts strategies as they pass, against the set in force in `folder` before.

    Reports never stand in the way of a set: one before that cannot be read is not compared with.
    """

    def __init__(self, folder: Path) -> None:
        self._before = _in_force(folder)
        self._tally = Tally()
        self._customers: Counter[_Cell] = Counter()
        self._nothing: Counter[tuple[_Cell, WhyNothing]] = Counter()

    def watched(self, strategies: Iterable[Strategy]) -> Iterator[Strategy]:
        """Yield the strategies as they are, and count them."""
        for strategy in strategies:
            self._compare(strategy)
            cell = (strategy.partner, strategy.stage, strategy.value_group)
            self._customers[cell] += 1
            why = why_nothing(strategy)
            if why is not None:
                self._nothing[cell, why] += 1
            yield strategy

    def write(self, home: Path, published: Published) -> None:
        """Write HOME/reports/nothing.json, and add to strategy_changes.json."""
        header = header_of(published.path)
        _write(nothing_path(home), self._nothing_report(header))
        if self._before is not None:
            known = self._tally.customers - self._tally.appeared
            old = self._before.header
            diff = self._tally.result(
                old=old.label, new=published.label, gone=old.customers - known
            )
            add_change(home, diff, before=old, after=header)

    def _compare(self, strategy: Strategy) -> None:
        if self._before is None:
            return
        try:
            was = self._before.by_customer(strategy.partner, strategy.customer_id)
        except RoutingError:
            self._before = None
            return
        self._tally.add(was, strategy)

    def _nothing_report(self, header: Header) -> NothingReport:
        rows = tuple(
            NothingRow(
                *cell,
                customers=count,
                why={
                    why: self._nothing[cell, why] for why in WhyNothing if self._nothing[cell, why]
                },
            )
            for cell, count in sorted(self._customers.items())
        )
        return NothingReport(header.label, header.model_set, header.formed_at, rows)


def add_change(home: Path, diff: StrategyDiff, *, before: Header, after: Header) -> None:
    """Add one comparison to those that the page shows."""
    change = SetChange(diff, after.formed_at, before.model_set, after.model_set)
    try:
        report = changes_file(home).latest()
    except FeatureError:  # none yet, or one that cannot be read: it starts anew
        report = None
    _write(changes_path(home), with_change(report, change))


def _in_force(folder: Path) -> OpenSet | None:
    try:
        pointer = read_pointer(folder)
        return OpenSet.open(folder / pointer.file, pointer=pointer) if pointer else None
    except RoutingError:
        return None


def _write(path: Path, report: msgspec.Struct) -> None:
    with staged_file(path) as staged:
        staged.write_bytes(msgspec.json.encode(report))
