"""How limits, prices and a mix of offers look at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from pipelines.console import Screen
from routing.allocation.result import LimitUse, OfferMix
from serving.pages.limits_report import LimitsReport


def say_what_binds(screen: Screen, report: LimitsReport) -> None:
    """Print the money and what one unit more of each binding limit is worth."""
    screen.say(
        f"Within the limits {report.money:,.0f} are expected to be added in"
        f" {report.horizon_days:g} days, {1.0 - report.gap:.2%} of what is possible."
    )
    if not report.binding:
        screen.say("No limit binds: more of none would add money.")
    for one in report.binding:
        screen.say(f"  {escape(one.name)}: {escape(one.sentence)}")
    exploring = report.exploring
    screen.say(
        f"Exploring {exploring.share:.0%} of contacts would cost about {exploring.cost:,.0f} in"
        f" {report.horizon_days:g} days (callworth serve --explore-share)."
    )


def table_of_limits(screen: Screen, limits: Sequence[LimitUse]) -> None:
    """Print each limit with its amount, what is used of it, and its price."""
    screen.table(
        "Limits",
        ["limit", "amount", "used", "share", "price", "what it means"],
        [
            [
                one.name,
                f"{'>=' if one.floor else '<='} {one.amount:,.1f}",
                f"{one.used:,.1f}",
                f"{one.used / one.amount:.0%}" if one.amount else "-",
                f"{one.price:,.2f}",
                one.sentence,
            ]
            for one in limits
        ],
    )


def table_of_mix(screen: Screen, mix: Sequence[OfferMix]) -> None:
    """Print how many customers get each offer."""
    screen.table(
        "Offers",
        ["offer", "customers", "presentations"],
        [[one.offer_id, one.customers, round(one.presentations, 1)] for one in mix],
    )
