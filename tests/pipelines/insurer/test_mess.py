from __future__ import annotations

import duckdb
import pytest


def _share(tables: duckdb.DuckDBPyConnection, table: str, condition: str) -> float:
    query = f"SELECT avg(coalesce({condition}, false)::INT) FROM {table}"
    row = tables.execute(query).fetchone()
    assert row is not None
    return float(row[0])


@pytest.mark.parametrize("table", ["customer_events", "activity_events", "outcomes"])
def test_three_in_a_hundred_rows_are_known_days_late(
    tables: duckdb.DuckDBPyConnection, table: str
) -> None:
    late = _share(tables, table, "known_at - occurred_at > INTERVAL 1 DAY")
    assert late == pytest.approx(0.03, abs=0.012)


@pytest.mark.parametrize(
    ("table", "condition", "share", "tolerance"),
    [
        ("customers", "phone IS NULL", 0.05, 0.015),
        ("customers", "do_not_offer", 0.03, 0.012),
        ("customers", "vulnerable", 0.02, 0.01),
        ("contacts", "customer_id IS NULL", 0.03, 0.012),
        ("contacts", "reached_agent", 0.75, 0.03),
        ("(FROM demographics WHERE level = 'individual')", "income IS NULL", 0.10, 0.02),
    ],
)
def test_the_mess_has_its_share(
    tables: duckdb.DuckDBPyConnection, table: str, condition: str, share: float, tolerance: float
) -> None:
    assert _share(tables, table, condition) == pytest.approx(share, abs=tolerance)


def test_households_share_a_phone(tables: duckdb.DuckDBPyConnection) -> None:
    shared = _share(
        tables,
        "customers",
        "phone IN (SELECT phone FROM customers WHERE phone IS NOT NULL "
        "GROUP BY phone HAVING count(*) > 1)",
    )
    assert shared == pytest.approx(0.06, abs=0.015)


def test_a_postcode_stands_in_where_the_individual_is_missing(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    missing = _share(
        tables,
        "customers",
        "customer_id NOT IN (SELECT customer_id FROM demographics WHERE level = 'individual')",
    )
    assert missing == pytest.approx(0.15, abs=0.02)
    without = """
        SELECT count(*) FROM customers ANTI JOIN
        (FROM demographics WHERE level = 'postcode') AS places USING (partner, postcode)
    """
    assert tables.execute(without).fetchone() == (0,)


@pytest.mark.parametrize(
    ("column", "word"), [("occupation", "platform_driver"), ("life_event", "adopted_child")]
)
def test_some_categories_first_appear_in_the_last_tenth(
    tables: duckdb.DuckDBPyConnection, column: str, word: str
) -> None:
    first = tables.execute(
        f"SELECT min(occurred_at) > TIMESTAMPTZ '2026-08-19 00:00:00+00', count(*) > 0 "
        f"FROM demographics WHERE {column} = '{word}'"
    ).fetchone()
    assert first == (True, True)


def test_an_unknown_caller_shows_no_number_of_ours(tables: duckdb.DuckDBPyConnection) -> None:
    ours = tables.execute(
        "SELECT count(*) FROM contacts WHERE customer_id IS NULL AND calling_number IN "
        "(SELECT phone FROM customers UNION SELECT second_phone FROM customers)"
    ).fetchone()
    assert ours == (0,)
