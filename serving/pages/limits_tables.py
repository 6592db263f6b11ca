"""The tables of the page of limits, as files."""

from __future__ import annotations

from collections.abc import Iterator

from routing.allocation.what_if import WhatIf
from serving.pages.csv_tables import CsvTable
from serving.pages.limits_report import LimitsReport

WHAT_IF_HEAD = ("what", "name", "now", "then", "difference")


def _limits(report: LimitsReport) -> Iterator[tuple[object, ...]]:
    for one in report.limits:
        kind = "at_least" if one.floor else "at_most"
        figures = (one.amount, one.used, one.price)
        yield (report.strategy_set, one.name, kind, *figures, one.unit, one.sentence)


def _offers(report: LimitsReport) -> Iterator[tuple[object, ...]]:
    for one in report.mix:
        name = report.names.get(one.offer_id, one.offer_id)
        yield (report.strategy_set, one.offer_id, name, one.customers, one.presentations)


def _nothing(report: LimitsReport) -> Iterator[tuple[object, ...]]:
    for why, count in report.nothing.items():
        yield (report.strategy_set, why.value, count)


TABLES: tuple[CsvTable[LimitsReport], ...] = (
    CsvTable(
        "/limits.csv",
        lambda report: f"limits-{report.strategy_set}",
        ("strategy_set", "limit", "kind", "amount", "used", "price", "unit", "sentence"),
        _limits,
    ),
    CsvTable(
        "/limits/offers.csv",
        lambda report: f"limits-offers-{report.strategy_set}",
        ("strategy_set", "offer_id", "name", "customers", "presentations"),
        _offers,
    ),
    CsvTable(
        "/limits/nothing.csv",
        lambda report: f"limits-nothing-{report.strategy_set}",
        ("strategy_set", "why", "customers"),
        _nothing,
    ),
)


def what_if_rows(outcome: WhatIf) -> Iterator[tuple[object, ...]]:
    """Yield each figure now and then: money, limits, prices and customers by offer."""
    before, after = outcome.before, outcome.after
    yield ("money", "", before.money, after.money, outcome.money)
    yield ("customers_offered_something_else", "", None, None, outcome.changed)
    then = {one.name: one for one in after.limits}
    for one in before.limits:
        new = then.get(one.name)
        for what, old_value, new_value in (
            ("amount", one.amount, new.amount if new else None),
            ("used", one.used, new.used if new else None),
            ("price", one.price, new.price if new else None),
        ):
            more = None if new_value is None else new_value - old_value
            yield (what, one.name, old_value, new_value, more)
    for had, has in zip(before.mix, after.mix, strict=True):
        more = has.customers - had.customers
        yield ("customers", had.offer_id, had.customers, has.customers, more)
