"""Two small strategy sets and the reports on them, for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.set_reports import SetReports
from routing.defaults import standard_defaults
from routing.offers import ASKED_NOT_TO, NOT_ELIGIBLE, NOT_MODELLED
from routing.strategy import Handling, RankedOffer, Signals, Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_writer import Published, StrategyWriter
from routing.tasks import route_to, task_of

FIRST = datetime(2026, 11, 21, 2, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)
PARTNERS, STAGES = ("main", "north"), ("prospect", "lead", "new_business", "purchaser")
CUSTOMERS = 600
# What the n-th customer gets of the first offer: yes or no, uplift, added value, why.
CASES: tuple[tuple[bool, float, float, str], ...] = (
    (True, 0.1, 40.0, "adds 10.0 points, worth 40.00 a contact"),
    (True, 0.05, 12.5, "adds 5.0 points, worth 12.50 a contact"),
    (False, -0.02, -9.0, "presenting lowers the chance by 2.0 points"),
    (False, 0.01, -2.0, "adds 1.0 points, which falls short of its cost by 2.00 a contact"),
    (False, 0.1, 40.0, ASKED_NOT_TO),
    (False, 0.0, 0.0, f"{NOT_ELIGIBLE} lead"),
    (False, 0.0, 0.0, NOT_MODELLED),
)
PAUSED = (False, 0.1, 40.0, "paused by marketing: out of stock")


def _strategy(number: int, *, second: bool) -> Strategy:
    stage = STAGES[number % 4]
    case = CASES[number % len(CASES)]
    if second and case is CASES[0]:
        case = PAUSED
    present, uplift, added, why = case
    group = (number + second * (number % 10 == 0)) % 2
    formed_at = SECOND if second else FIRST
    offers = (
        RankedOffer("whole_life", present, 0.3, uplift, added, why),
        RankedOffer("pet_cover", False, 0.0, 0.0, 0.0, f"{NOT_ELIGIBLE} {stage}"),
    )
    return Strategy(
        f"c{number:05d}", PARTNERS[number % 3 == 0], stage, ("first", "second")[group],
        Signals(0.3, 0.1, 0.27, 100.0), route_to(task_of(stage), group=group),
        Handling(offers, "A note.", ""), (), "17", formed_at, formed_at + timedelta(days=7),
    )  # fmt: skip


def _strategies(*, second: bool) -> Iterator[Strategy]:
    start = 5 if second else 0  # five customers are gone, and five have come
    return (_strategy(number, second=second) for number in range(start, start + CUSTOMERS))


def form_set(home: Path, *, second: bool = False) -> Published:
    """Publish the first or the second set in the home, with its reports."""
    folder = home / "strategies"
    reports = SetReports(folder)
    with StrategyWriter(
        folder,
        model_set="18" if second else "17",
        formed_at=SECOND if second else FIRST,
        defaults=[standard_defaults(partner) for partner in PARTNERS],
    ) as writer:
        writer.add((one, ContactDetails()) for one in reports.watched(_strategies(second=second)))
        published = writer.publish()
    reports.write(home, published)
    return published


def form_two_sets(home: Path) -> tuple[str, str]:
    """Publish both sets; return their labels."""
    return form_set(home).label, form_set(home, second=True).label
