"""Builders for strategies and published sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from routing.defaults import standard_defaults
from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_writer import Published, StrategyWriter
from routing.tasks import route_to, task_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def _a_strategy(
    customer_id: str = "c-1",
    *,
    partner: str = "main",
    stage: str = "lead",
    group: int = 0,
    value: float = 100.0,
    likelihood: float = 0.1,
    present: bool = True,
    expires_at: datetime = NOW + timedelta(days=1),
) -> Strategy:
    """Return a strategy that differs from the usual one in what the test is about."""
    offer = RankedOffer("term_life", present, likelihood, 0.05, 9.5, "adds 5.0 points")
    return Strategy(
        customer_id=customer_id,
        partner=partner,
        stage=stage,
        value_group=("first", "second")[group],
        signals=Signals(likelihood, 0.1, likelihood * 0.9, value),
        route=route_to(task_of(stage), group=group, skills={"life": 2} if present else {}),
        handling=Handling((offer,), "A lead.", "Offer Term life first."),
        reasons=(Reason("asked for a quote 6 days ago", 0.09),),
        model_set="17",
        formed_at=NOW - timedelta(hours=1),
        expires_at=expires_at,
    )


Build = Callable[..., Strategy]


@pytest.fixture
def a_strategy() -> Build:
    """Return the builder of strategies."""
    return _a_strategy


Entry = tuple[Strategy, ContactDetails]
Publish = Callable[..., Published]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Return a function that publishes entries as the next strategy set in `tmp_path`."""

    def _publish(
        entries: Iterable[Entry],
        *,
        partners: tuple[str, ...] = ("main",),
        formed_at: datetime = NOW,
    ) -> Published:
        defaults = [standard_defaults(partner) for partner in partners]
        with StrategyWriter(
            tmp_path, model_set="17", formed_at=formed_at, defaults=defaults
        ) as writer:
            writer.add(entries)
            return writer.publish()

    return _publish
