"""The offers list as a CSV file, for a spreadsheet."""

from __future__ import annotations

from serving.pages.csv_file import csv_text
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


def offers_csv(report: OffersReport) -> str:
    """Return one line per offer, most added money first; shares and uplift are between -1 and 1."""
    return csv_text(_HEAD, (_values(row) for row in report.offers))


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
        *_ends(row.uplift, 6),
        *_ends(row.money, 2),
        row.verdict.value,
        " ".join(row.warnings),
    )


def _number(value: float | None, decimals: int = 6) -> str | float:
    return "" if value is None else round(value, decimals)


def _ends(interval: Interval | None, decimals: int) -> tuple[str | float, ...]:
    if interval is None:
        return ("", "", "")
    return tuple(_number(end, decimals) for end in (interval.estimate, interval.low, interval.high))
