from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.catalogue import VIEWS
from features.frame import build_population
from tests.customer_history import NOW, History, days

INSTANT = timedelta(microseconds=1)
# What DuckDB and Spark SQL read alike, measured; anything else must be measured first.
COMMON_FUNCTIONS = {
    *("COUNT", "SUM", "MIN", "MAX", "COALESCE", "NULLIF", "CAST", "EPOCH", "DECIMAL"),
    *("LEAD", "OVER", "STRUCT_PACK", "IN", "AND", "AS", "JOIN", "FROM", "CASE"),
}


def features_of_ann(history: History, tmp_path: Path, *, as_of: datetime = NOW) -> dict[str, Any]:
    path = build_population(history.write(tmp_path / "tables"), home=tmp_path, as_of=as_of)
    (row,) = pq.read_table(path).to_pylist()
    return row


def test_a_window_holds_its_first_instant_and_not_its_last(tmp_path: Path) -> None:
    history = History().customer()
    history.event("enquiry", NOW - days(30))
    history.event("enquiry", NOW - days(30) - INSTANT)
    history.event("enquiry", NOW - INSTANT)
    history.event("enquiry", NOW)

    row = features_of_ann(history, tmp_path)

    assert row["enquiries_last_7_days"] == 1
    assert row["enquiries_last_30_days"] == 2
    assert row["enquiries_last_90_days"] == 3


def test_a_row_known_at_the_very_instant_is_not_known_before_it(tmp_path: Path) -> None:
    history = History().customer()
    history.event("claim", NOW - days(2), known=NOW)
    history.event("claim", NOW - days(1), known=NOW - INSTANT)

    row = features_of_ann(history, tmp_path)

    assert row["claims_last_30_days"] == 1
    assert row["days_since_last_claim"] == 1.0


def test_sums_and_trends_follow_their_windows(tmp_path: Path) -> None:
    history = History().customer()
    for back, amount in ((5, 10.1), (29, 20.2), (60, 40.4), (89, 80.8), (200, 160.16)):
        history.event("payment", NOW - days(back), amount=amount)

    row = features_of_ann(history, tmp_path)

    assert row["payments_amount_last_30_days"] == 30.3
    assert row["payments_amount_last_90_days"] == 151.5
    assert row["payments_amount_last_365_days"] == 311.66
    assert row["payments_trend"] == pytest.approx(2 / (4 / 3))
    assert row["days_since_last_payment"] == 5.0


def test_a_trend_without_rows_in_ninety_days_is_empty(tmp_path: Path) -> None:
    history = History().customer().activity("login", NOW - days(91))

    row = features_of_ann(history, tmp_path)

    assert row["logins_trend"] is None
    assert row["logins_last_365_days"] == 1


def test_a_customer_without_history_has_zeros_for_counts_and_nothing_for_days(
    tmp_path: Path,
) -> None:
    row = features_of_ann(History().customer(), tmp_path)

    for view in VIEWS:
        for feature in view.features:
            name, value = feature.name, row[feature.name]
            if re.search(r"_last_\d+_days$", name) and not name.startswith("mean"):
                assert value == 0, name
            if name.startswith(("days_since", "mean")) or name.endswith("_trend"):
                assert value is None, name
    assert row["first_touch_medium"] == row["last_touch_medium"] == "none"
    assert row["income_level"] == "none"
    assert row["stage"] == "prospect"


def test_first_and_last_touch_go_by_occurrence_and_ties_by_name(tmp_path: Path) -> None:
    history = History().customer()
    history.touch("radio", NOW - days(50), known=NOW - days(1), cost=2.5)
    history.touch("search", NOW - days(40), cost=1.0)
    history.touch("social", NOW - days(10))
    history.touch("television", NOW - days(10))
    history.touch("referral", NOW - days(60), known=NOW + days(1))

    row = features_of_ann(history, tmp_path)

    assert row["first_touch_medium"] == "radio"
    assert row["last_touch_medium"] == "television"
    assert row["days_since_first_touch"] == 50.0
    assert row["days_since_last_touch"] == 10.0
    assert row["touches_cost_last_90_days"] == 5.5
    assert row["search_touches_last_365_days"] == 1


def test_past_contacts_count_offers_presented_and_accepted_once_known(tmp_path: Path) -> None:
    history = History().customer()
    history.contact(NOW - days(20), contact_id="k1", offer_id="o1", waited_seconds=30.0)
    history.contact(NOW - days(10), contact_id="k2", reached_agent=False, waited_seconds=90.0)
    history.contact(NOW - days(5), contact_id="k3", offer_id="o1", waited_seconds=60.0)
    for contact, back, known in (("k1", 20, NOW - days(13)), ("k3", 5, NOW + days(2))):
        history.add(
            "outcomes",
            at=NOW - days(back),
            known=known,
            contact_id=contact,
            customer_id="ann",
            offer_id="o1",
            accepted=True,
        )

    row = features_of_ann(history, tmp_path)

    assert row["contacts_last_30_days"] == 3
    assert row["reached_contacts_last_90_days"] == 2
    assert row["presentations_last_90_days"] == 2
    assert row["accepted_offers_last_365_days"] == 1
    assert row["mean_wait_seconds_last_365_days"] == 60.0
    assert row["days_since_last_contact"] == row["days_since_last_presentation"] == 5.0


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_query_keeps_to_what_both_engines_read_alike(view: Any) -> None:
    used = set(re.findall(r"\b([A-Z_]+)\s*\(", view.sql))

    assert used <= COMMON_FUNCTIONS


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_query_is_the_reviewed_text(view: Any) -> None:
    golden = Path(__file__).parent / "golden" / f"{view.name}.sql"

    assert view.sql + "\n" == golden.read_text(encoding="utf-8"), (
        "The query changed. If it was meant to, write it anew with "
        "`python -m tests.features.write_golden` and review the difference."
    )


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_query_has_a_spark_text_with_the_same_columns(view: Any) -> None:
    sqlglot = pytest.importorskip("sqlglot", reason="sqlglot comes with Feast's DuckDB store")

    (tree,) = sqlglot.parse(view.sql, read="duckdb")
    spark = tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)

    columns = sqlglot.parse_one(spark, read="spark").named_selects
    assert columns == ["customer_id", "as_of", *view.columns]
