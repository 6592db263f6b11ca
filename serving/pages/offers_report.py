"""What the offers report holds: the file that the pipeline writes and the pages read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from features.contract import Stage
from features.errors import FeatureError
from models.uplift.effects import Verdict
from serving.pages.report_file import About, ReportFile

FORMAT = "callworth-offers-1"
REPORT_COMMAND = "callworth report"
ABOUT = About(
    subject="the offers",
    command=REPORT_COMMAND,
    title="Nothing has been measured yet",
    lead="This page shows what each offer adds: how many more buy because it was presented, and"
    " what that is worth.",
)


class OfferNotFoundError(FeatureError):
    """The report has no offer of that name."""

    status = 404


class Interval(msgspec.Struct, frozen=True):
    """An estimate with its 95 % interval; its unit is said where it is used."""

    estimate: float
    low: float
    high: float


class Chart(msgspec.Struct, frozen=True):
    """One picture as SVG, for a wide and for a narrow screen, and its content in words."""

    wide: str
    narrow: str
    description: str


class CurvePoint(msgspec.Struct, frozen=True):
    """Present to this share of contacts, best first: buyers added per 1,000 contacts of all."""

    share: float
    gain: Interval
    at_random: float


class Curve(msgspec.Struct, frozen=True):
    """What choosing by predicted uplift is worth; `sentence` says it, `note` says on which rows."""

    chart: Chart
    points: tuple[CurvePoint, ...]
    contacts: int
    sentence: str
    note: str


class StageRow(msgspec.Struct, frozen=True):
    """One stage of one offer; units as in OfferRow."""

    stage: Stage
    presented: int
    nothing: int
    uplift: Interval | None
    money: Interval | None
    verdict: Verdict


class TenthRow(msgspec.Struct, frozen=True):
    """A tenth of the contacts, highest prediction first; both are differences of probabilities."""

    tenth: int
    contacts: int
    predicted: float
    observed: Interval


class Tenths(msgspec.Struct, frozen=True):
    """Predicted against observed uplift by tenth; `sentence` says what it comes to."""

    chart: Chart
    rows: tuple[TenthRow, ...]
    sentence: str


class Ranked(msgspec.Struct, frozen=True):
    """What the order is worth: buyers per 1,000 contacts above a choice at random, over all depths.

    `qini` is the coefficient, where all contacts had the same chances of the offer.
    """

    area: Interval
    qini: Interval | None
    sentence: str


class BenefitRow(msgspec.Struct, frozen=True):
    """The uplift among contacts that meet a condition; `more` where it was found to be higher."""

    text: str
    contacts: int
    more: bool
    uplift: Interval


class KindRow(msgspec.Struct, frozen=True):
    """How many contacts are of a kind, such as persuadable or not enough data."""

    kind: str
    contacts: int
    share: float


class UntilKnown(msgspec.Struct, frozen=True):
    """How many more contacts and days until the money is known; None where no number would do."""

    contacts: int | None
    days: int | None
    sentence: str


class BudgetPoint(msgspec.Struct, frozen=True):
    """Per 1,000 contacts of all: what is spent on presenting, and the money added by it."""

    share: float
    spent: float
    added: Interval


class Budget(msgspec.Struct, frozen=True):
    """The offers along a budget, each contact on its best offer."""

    chart: Chart
    points: tuple[BudgetPoint, ...]
    contacts: int
    sentence: str
    note: str


class OfferRow(msgspec.Struct, frozen=True):
    """One offer; `uplift` is a difference of probabilities, `money` is per 1,000 contacts.

    `rate_with` and `rate_without` are the weighted shares that `uplift` is the difference of.
    """

    offer_id: str
    name: str
    product: str
    eligible_stages: tuple[Stage, ...]
    presentation_cost: float
    lapse_cost: float
    maturity_days: int
    presented: int
    accepted: int
    acceptance_rate: float | None
    nothing: int
    matured: int
    rate_with: float | None
    rate_without: float | None
    uplift: Interval | None
    money: Interval | None
    verdict: Verdict
    stages: tuple[StageRow, ...] = ()
    warnings: tuple[str, ...] = ()
    curve: Curve | None = None
    curve_missing: str = ""
    tenths: Tenths | None = None
    ranked: Ranked | None = None
    benefits: tuple[BenefitRow, ...] = ()
    kinds: tuple[KindRow, ...] = ()
    until_known: UntilKnown | None = None


class Provenance(msgspec.Struct, frozen=True):
    """What the report was made from."""

    as_of: datetime
    contacts: int
    customers: int
    model_set: str | None
    strategy_set: str | None
    fingerprint: str
    buying_days: int
    settling_days: int


class OffersReport(msgspec.Struct, frozen=True):
    """All offers of the catalogue, by added money, with where the figures come from."""

    offers: tuple[OfferRow, ...]
    chart: Chart | None
    provenance: Provenance
    format: str = FORMAT
    budget: Budget | None = None
    budget_missing: str = ""

    def offer(self, offer_id: str) -> OfferRow:
        """Return the offer of that id, or raise OfferNotFoundError."""
        for row in self.offers:
            if row.offer_id == offer_id:
                return row
        raise OfferNotFoundError(
            f"There is no offer '{offer_id}' in this report.",
            fix="Choose one of the offers below.",
        )


def report_path(home: Path) -> Path:
    """Return where the offers report of a workspace lies."""
    return home / "reports" / "offers.json"


def offers_file(home: Path) -> ReportFile[OffersReport]:
    """Return the offers report of a workspace."""
    return ReportFile(report_path(home), OffersReport, form=FORMAT, about=ABOUT)
