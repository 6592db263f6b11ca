from __future__ import annotations

import duckdb
import pytest


def test_every_stage_has_its_part_of_the_contacts(tables: duckdb.DuckDBPyConnection) -> None:
    counts = dict(
        tables.execute(
            "SELECT stage, count(DISTINCT contact_id) FROM contact_truth GROUP BY stage"
        ).fetchall()
    )
    assert set(counts) == {"prospect", "lead", "new_business", "purchaser"}
    assert min(counts.values()) / sum(counts.values()) >= 0.15


def test_the_logged_probability_is_how_often_it_was_chosen(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = tables.execute(
        """
        WITH staged AS (
            SELECT DISTINCT contact_id, stage FROM contact_truth
        ), chosen AS (
            SELECT stage, coalesce(offer_id, 'none') AS action, avg(offer_probability) AS logged,
                min(offer_probability) = max(offer_probability) AS constant, count(*) AS times
            FROM contacts JOIN staged USING (contact_id) WHERE offer_probability < 1
            GROUP BY ALL
        )
        SELECT logged, constant, times, sum(times) OVER (PARTITION BY stage) FROM chosen
        """
    ).fetchall()
    assert len(rows) == 21  # 4, 4, 4 and 5 offers, and none at each stage
    for logged, constant, times, of in rows:
        error = (logged * (1 - logged) / of) ** 0.5
        assert constant
        assert times / of == pytest.approx(logged, abs=4 * error)


def test_only_offers_of_the_stage_are_presented(tables: duckdb.DuckDBPyConnection) -> None:
    astray = tables.execute(
        "SELECT count(*) FROM contacts ANTI JOIN contact_truth USING (contact_id, offer_id) "
        "WHERE offer_id IS NOT NULL"
    ).fetchone()
    assert astray == (0,)


def test_nothing_is_presented_to_those_who_asked_not_to(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = tables.execute(
        "SELECT DISTINCT offer_id, offer_probability FROM contacts JOIN customers "
        "USING (customer_id) WHERE do_not_offer AND reached_agent"
    ).fetchall()
    assert rows == [(None, 1.0)]


def test_a_contact_without_an_agent_has_no_choice_and_no_outcome(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    wrong = tables.execute(
        "SELECT count(*) FROM contacts LEFT JOIN outcomes USING (contact_id) WHERE NOT "
        "reached_agent AND (offer_probability IS NOT NULL OR outcomes.contact_id IS NOT NULL)"
    ).fetchone()
    assert wrong == (0,)


def test_every_presentation_of_old_has_an_outcome_within_fourteen_days(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    row = tables.execute(
        """
        SELECT count(*), count(outcomes.contact_id),
            max(outcomes.occurred_at - contacts.occurred_at) < INTERVAL 14 DAY
        FROM contacts LEFT JOIN outcomes USING (contact_id, offer_id)
        WHERE contacts.offer_id IS NOT NULL AND contacts.occurred_at < '2026-08-01'
        """
    ).fetchone()
    assert row is not None
    assert row[0] == row[1]
    assert row[2]


def test_what_was_not_presented_has_an_outcome_only_when_bought(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    wrong = tables.execute(
        "SELECT count(*) FROM outcomes JOIN contacts USING (contact_id) WHERE NOT accepted "
        "AND contacts.offer_id IS DISTINCT FROM outcomes.offer_id"
    ).fetchone()
    assert wrong == (0,)


def test_a_sale_puts_a_policy_in_force(tables: duckdb.DuckDBPyConnection) -> None:
    row = tables.execute(
        """
        SELECT count(*) FROM outcomes JOIN offers USING (offer_id) WHERE accepted
        AND outcomes.occurred_at < '2026-09-01' AND NOT EXISTS (
            FROM customer_events e WHERE e.customer_id = outcomes.customer_id
            AND e.kind IN ('issue', 'purchase') AND e.product = offers.product
            AND e.occurred_at BETWEEN outcomes.occurred_at
                AND outcomes.occurred_at + INTERVAL 13 DAY)
        """
    ).fetchone()
    assert row == (0,)
