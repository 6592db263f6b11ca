from __future__ import annotations

import duckdb
import pytest

PROBABILITIES = ("accept_probability", "anyway_probability", "lapse_probability")


@pytest.mark.parametrize("table", ["contact_truth", "customer_truth"])
def test_probabilities_lie_strictly_between_none_and_one(
    tables: duckdb.DuckDBPyConnection, table: str
) -> None:
    for name in PROBABILITIES:
        row = tables.execute(f"SELECT min({name}) > 0, max({name}) < 1 FROM {table}").fetchone()
        assert row == (True, True)


def test_every_customer_has_a_truth_for_each_offer_of_the_stage(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    astray = tables.execute(
        """
        WITH wanted AS (
            SELECT customer_id, stage, offer_id FROM
            (SELECT DISTINCT customer_id, stage FROM customer_truth) JOIN offers
            ON list_contains(string_split(eligible_stages, ';'), stage)
        )
        SELECT count(*), count(truth.offer_id), count(DISTINCT wanted.customer_id)
        FROM wanted LEFT JOIN customer_truth AS truth USING (customer_id, offer_id)
        """
    ).fetchone()
    assert astray is not None
    assert astray[0] == astray[1]
    assert astray[2] == 3_000


def test_each_offer_helps_some_and_harms_others(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "SELECT offer_id, avg((uplift > 0.02)::INT), avg((uplift < -0.01)::INT), avg(uplift) "
        "FROM customer_truth GROUP BY offer_id"
    ).fetchall()
    assert len(rows) == 5
    for offer_id, helped, harmed, mean in rows:
        assert helped > 0.1, offer_id
        assert harmed > 0.02, offer_id
        assert (mean < 0.04) == (offer_id == "legal")


def test_the_stage_can_be_seen_in_the_tables(tables: duckdb.DuckDBPyConnection) -> None:
    differing = tables.execute(
        """
        WITH opened AS (
            SELECT contacts.contact_id,
                bool_or(e.kind IN ('issue', 'purchase')) AS bought,
                bool_or(e.kind = 'application') AS applied, bool_or(e.kind = 'enquiry') AS asked
            FROM contacts JOIN customer_events AS e
            ON e.customer_id = contacts.customer_id AND e.known_at < contacts.occurred_at
            GROUP BY contacts.contact_id
        )
        SELECT count(*) FROM contact_truth LEFT JOIN opened USING (contact_id)
        WHERE stage <> CASE WHEN bought THEN 'purchaser' WHEN applied THEN 'new_business'
            WHEN asked THEN 'lead' ELSE 'prospect' END
        """
    ).fetchone()
    assert differing == (0,)


def test_outcomes_follow_the_truth(tables: duckdb.DuckDBPyConnection) -> None:
    row = tables.execute(
        """
        SELECT avg(accepted::INT), avg(accept_probability),
            sqrt(avg(accept_probability * (1 - accept_probability)) / count(*))
        FROM outcomes JOIN contacts USING (contact_id, offer_id)
        JOIN contact_truth USING (contact_id, offer_id)
        """
    ).fetchone()
    assert row is not None
    happened, expected, error = row
    assert happened == pytest.approx(expected, abs=4 * error)


def test_expectant_parents_buy_more_life_cover_and_lapse_more(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = {
        expectant: (accept, lapse)
        for expectant, accept, lapse in tables.execute(
            """
            WITH latest AS (
                SELECT customer_id, arg_max(coalesce(life_event, 'none'), known_at) AS life_event
                FROM demographics WHERE level = 'individual' GROUP BY customer_id
            )
            SELECT life_event = 'expectant_parent', avg(accept_probability),
                avg(lapse_probability)
            FROM customer_truth JOIN latest USING (customer_id)
            WHERE offer_id = 'term_life' GROUP BY ALL
            """
        ).fetchall()
    }
    assert rows[True][0] > 1.3 * rows[False][0]
    assert rows[True][1] > 1.3 * rows[False][1]
