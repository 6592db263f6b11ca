"""The tables of the page of one offer as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from serving.offers_ledger import Change
from serving.pages.csv_tables import CsvTable
from serving.pages.offers_csv import ends
from serving.pages.offers_report import OfferRow

PATH = "/offers/{offer_id}"


@dataclass(frozen=True, slots=True)
class OfferShown:
    """One offer with every decision on it, newest first."""

    row: OfferRow
    history: tuple[Change, ...]


def _curve(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for point in shown.row.curve.points if shown.row.curve else ():
        yield (point.share, *ends(point.gain, 4), round(point.at_random, 4))


def _stages(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for part in shown.row.stages:
        counts = (part.stage, part.presented, part.nothing)
        yield (*counts, *ends(part.uplift, 6), *ends(part.money, 2), part.verdict.value)


def _decisions(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for one in shown.history:
        yield (one.when.isoformat(), one.by, one.was.value, one.becomes.value, one.why)


def _table(
    what: str, head: Sequence[str], rows: Callable[[OfferShown], Iterable[Sequence[object]]]
) -> CsvTable[OfferShown]:
    return CsvTable(f"{PATH}/{what}.csv", lambda shown: f"{shown.row.offer_id}-{what}", head, rows)


def _tenths(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for tenth in shown.row.tenths.rows if shown.row.tenths else ():
        yield (tenth.tenth, tenth.contacts, round(tenth.predicted, 6), *ends(tenth.observed, 6))


def _benefits(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for each in shown.row.benefits:
        yield (each.text, "more" if each.more else "less", each.contacts, *ends(each.uplift, 6))


def _kinds(shown: OfferShown) -> Iterator[tuple[object, ...]]:
    for each in shown.row.kinds:
        yield (each.kind, each.contacts, round(each.share, 6))


TABLES = (
    _table("curve", ("share", "buyers_added", "low", "high", "at_random"), _curve),
    _table(
        "stages",
        (
            *("stage", "presented", "nothing", "uplift", "uplift_low", "uplift_high"),
            *("money_per_1000", "money_per_1000_low", "money_per_1000_high", "verdict"),
        ),
        _stages,
    ),
    _table("tenths", ("tenth", "contacts", "predicted", "observed", "low", "high"), _tenths),
    _table("benefits", ("customers", "benefit", "contacts", "uplift", "low", "high"), _benefits),
    _table("kinds", ("kind", "contacts", "share"), _kinds),
    _table("decisions", ("when", "by", "was", "becomes", "why"), _decisions),
)
