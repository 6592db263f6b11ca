"""The offers list as a file, for a spreadsheet."""

from __future__ import annotations

from serving.pages.csv_tables import CsvTable
from serving.pages.offers_report import Interval, OfferRow, OffersReport

_HEAD = (
    "offer_id",
    "name",
    "product",
    "eligible_stages",
    "presented",
    "accepted",
    "acceptance_rate",
    "contacts_with_nothing",
    "bought_with_offer",
    "bought_without",
    "uplift",
    "uplift_low",
    "uplift_high",
    "money_per_1000",
    "money_per_1000_low",
    "money_per_1000_high",
    "verdict",
    "warnings",
)


def _values(row: OfferRow) -> tuple[object, ...]:
    return (
        row.offer_id,
        row.name,
        row.product,
        ";".join(row.eligible_stages),
        row.presented,
        row.accepted,
        _number(row.acceptance_rate),
        row.nothing,
        _number(row.rate_with),
        _number(row.rate_without),
        *ends(row.uplift, 6),
        *ends(row.money, 2),
        row.verdict.value,
        " ".join(row.warnings),
    )


def _number(value: float | None, decimals: int = 6) -> str | float:
    return "" if value is None else round(value, decimals)


def ends(interval: Interval | None, decimals: int) -> tuple[str | float, ...]:
    """Return estimate, low and high, rounded; empty where there is no interval."""
    if interval is None:
        return ("", "", "")
    return tuple(_number(end, decimals) for end in (interval.estimate, interval.low, interval.high))


# Most added money first; shares and uplift are between -1 and 1.
OFFERS: CsvTable[OffersReport] = CsvTable(
    "/offers.csv",
    lambda report: f"offers-{report.provenance.as_of:%Y-%m-%d}",
    _HEAD,
    lambda report: map(_values, report.offers),
)
