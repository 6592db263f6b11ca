"""Expected contacts: own history and that of the stage, weighed by how long one was watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from pipelines.contact_habits import PRIOR_DAYS, learn_habits

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)  # a Sunday


@pytest.fixture
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE customers (partner TEXT, customer_id TEXT, occurred_at TIMESTAMPTZ);"
            "CREATE TABLE scored (partner TEXT, customer_id TEXT, stage TEXT);"
            "CREATE TABLE contacts (partner TEXT, customer_id TEXT, occurred_at TIMESTAMPTZ,"
            " known_at TIMESTAMPTZ, offer_id TEXT, reason TEXT, handled_seconds DOUBLE,"
            " reached_agent BOOLEAN)"
        )
        yield connection


def _add(session: duckdb.DuckDBPyConnection, customer: str, stage: str, *, since: float) -> None:
    start = AS_OF - timedelta(days=since)
    session.execute("INSERT INTO customers VALUES ('main', ?, ?)", [customer, start])
    session.execute("INSERT INTO scored VALUES ('main', ?, ?)", [customer, stage])


def _contact(
    session: duckdb.DuckDBPyConnection, customer: str | None, *, back: float, **more: Any
) -> None:
    at = AS_OF - timedelta(days=back)
    said = {"offer": None, "seconds": 300.0, "reached": True, "known": at, **more}
    session.execute(
        "INSERT INTO contacts VALUES ('main', ?, ?, ?, ?, 'quote', ?, ?)",
        [customer, at, said["known"], said["offer"], said["seconds"], said["reached"]],
    )


def _rates(session: duckdb.DuckDBPyConnection) -> dict[str, tuple[float, int]]:
    learn_habits(session, as_of=AS_OF, horizon_days=7.0)
    rows = session.execute("SELECT customer_id, contacts_a_day, presented FROM habits").fetchall()
    return {who: (rate, presented) for who, rate, presented in rows}


def test_a_rate_is_worked_out_by_hand(session: duckdb.DuckDBPyConnection) -> None:
    _add(session, "often", "lead", since=1000)
    _add(session, "never", "lead", since=1000)
    _add(session, "new", "lead", since=10)
    _contact(session, None, back=365)  # recording began a year ago
    for back in range(10, 370, 30):
        _contact(session, "often", back=back)
    mean = 12 / (365 + 365 + 10)
    found = _rates(session)
    assert found["often"][0] == pytest.approx((12 + mean * PRIOR_DAYS) / (365 + PRIOR_DAYS))
    assert found["never"][0] == pytest.approx(mean * PRIOR_DAYS / (365 + PRIOR_DAYS))
    assert found["new"][0] == pytest.approx(mean * PRIOR_DAYS / (10 + PRIOR_DAYS))


def test_what_was_not_known_or_reached_nobody_does_not_count(
    session: duckdb.DuckDBPyConnection,
) -> None:
    _add(session, "a", "lead", since=1000)
    _contact(session, "a", back=300)
    before = _rates(session)["a"]
    session.execute("DROP TABLE reached; DROP TABLE habits; DROP TABLE last_presented")
    _contact(session, "a", back=20, reached=False)
    _contact(session, "a", back=20, known=AS_OF + timedelta(days=1))
    _contact(session, "a", back=-2)
    assert _rates(session)["a"] == before


def test_a_stage_without_contacts_expects_none(session: duckdb.DuckDBPyConnection) -> None:
    _add(session, "a", "lead", since=100)
    assert _rates(session) == {"a": (0.0, 0)}


def test_presentations_of_the_last_horizon_are_those_so_far(
    session: duckdb.DuckDBPyConnection,
) -> None:
    _add(session, "a", "lead", since=1000)
    for back, offer in ((2, "home"), (6, "life"), (3, None), (8, "home")):
        _contact(session, "a", back=back, offer=offer)
    assert _rates(session)["a"][1] == 2
    rows = session.execute("SELECT offer_id, days FROM last_presented ORDER BY 1").fetchall()
    assert rows == [("home", pytest.approx(2.0)), ("life", pytest.approx(6.0))]


def test_weekdays_are_those_of_utc_monday_first(session: duckdb.DuckDBPyConnection) -> None:
    session.execute("SET TimeZone = 'Pacific/Auckland'")
    for _ in range(93):
        _contact(session, None, back=5.5)  # Monday noon
    habits = learn_habits(session, as_of=AS_OF, horizon_days=7.0)
    np.testing.assert_allclose(habits.weekday_shares, [0.94, *[0.01] * 6])


def test_minutes_are_told_only_where_presenting_surely_takes_longer(
    session: duckdb.DuckDBPyConnection,
) -> None:
    rng = np.random.default_rng(4)
    for number in range(150):
        _contact(session, None, back=9, seconds=300 + rng.normal(0, 60))
        _contact(session, None, back=9, seconds=540 + rng.normal(0, 60), offer="life")
        _contact(session, None, back=9, seconds=301 + rng.normal(0, 60), offer="home")
        if number < 50:
            _contact(session, None, back=9, seconds=900.0, offer="rare")
    minutes = learn_habits(session, as_of=AS_OF, horizon_days=7.0).presentation_minutes
    assert list(minutes) == ["life"]
    assert minutes["life"] == pytest.approx(4.0, abs=0.4)
