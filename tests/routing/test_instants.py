"""Instants as the log writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from serving.clock import InstantTexts


def test_the_text_is_that_of_the_library_whichever_way_the_clock_goes() -> None:
    text = InstantTexts()
    start = datetime(2026, 11, 22, 23, 59, 59, 999_998, tzinfo=UTC)
    steps = [0, 1, 2, 3, 1_000_000, -5, -2_000_000, 86_400_000_000, 86_400_000_001]
    for microseconds in steps:
        instant = start + timedelta(microseconds=microseconds)
        assert text(instant) == instant.isoformat(timespec="microseconds")
