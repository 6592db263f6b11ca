from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalogue import FEATURES, VIEWS
from features.check import check
from features.contract import Kind
from features.engine import Limits
from features.errors import ContractError, DataNotFoundError
from features.frame import build_population, build_training, view_path
from features.point_in_time import rounds_of
from tests.customer_history import NOW, History, days, drawn_history

NAMES = [feature.name for feature in FEATURES]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = drawn_history(np.random.default_rng(11), customers=40)
    return history.write(tmp_path_factory.mktemp("drawn") / "tables")


def training(history: History, tmp_path: Path, *, as_of: datetime = NOW) -> list[dict[str, Any]]:
    path = build_training(history.write(tmp_path / "tables"), home=tmp_path, as_of=as_of)
    return pq.read_table(path).to_pylist()


def test_a_contact_that_reached_an_agent_is_a_row_and_no_other(tmp_path: Path) -> None:
    history = History().customer("ann").customer("bob")
    history.contact(NOW - days(9), "ann", contact_id="reached", offer_id="o1", arm="explore")
    history.contact(NOW - days(8), "ann", contact_id="abandoned", reached_agent=False)
    history.contact(NOW - days(7), None, contact_id="unknown caller")
    history.contact(NOW - days(6), "zoe", contact_id="no such customer")
    history.contact(NOW - days(5), "bob", contact_id="known later", known=NOW)

    (row,) = training(history, tmp_path)

    assert row["contact_id"] == "reached"
    assert (row["customer_id"], row["as_of"]) == ("ann", NOW - days(9))
    assert (row["offer_id"], row["arm"], row["partner"]) == ("o1", "explore", "main")
    counts = msgspec.json.decode((tmp_path / "features" / "training.json").read_bytes())
    assert (counts["contacts"], counts["reached_an_agent"], counts["rows"]) == (4, 3, 1)


def test_a_contact_never_sees_itself_nor_one_of_the_same_instant(tmp_path: Path) -> None:
    history = History().customer()
    for contact in ("k1", "k2"):
        history.contact(NOW - days(3), contact_id=contact, known=NOW - days(3), offer_id="o1")
    history.contact(NOW - days(1), contact_id="k3")

    rows = training(history, tmp_path)

    assert [row["contacts_last_30_days"] for row in rows] == [0, 0, 2]
    assert [row["presentations_last_90_days"] for row in rows] == [0, 0, 2]


def test_columns_are_the_declared_ones_in_order_and_alike_in_both_frames(
    drawn: Path, tmp_path: Path
) -> None:
    past = pq.read_schema(build_training(drawn, home=tmp_path, as_of=NOW))
    now = pq.read_schema(build_population(drawn, home=tmp_path, as_of=NOW))

    assert past.names[: -len(NAMES)] == [
        *("contact_id", "customer_id", "partner", "as_of", "stage"),
        *("channel", "reason", "offer_id", "offer_probability", "arm"),
    ]
    assert now.names[: -len(NAMES)] == ["customer_id", "partner", "as_of", "stage"]
    assert past.names[-len(NAMES) :] == now.names[-len(NAMES) :] == NAMES
    assert [past.field(n).type for n in NAMES] == [now.field(n).type for n in NAMES]
    assert past.field("as_of").type == pa.timestamp("us", tz="UTC")
    for feature in FEATURES:
        is_text = pa.types.is_string(past.field(feature.name).type)
        assert is_text == (feature.kind is Kind.NOMINAL), feature.name


@pytest.mark.parametrize("build", [build_training, build_population])
def test_rounds_do_not_change_a_value(
    build: Callable[..., Path], drawn: Path, tmp_path: Path
) -> None:
    whole = pq.read_table(build(drawn, home=tmp_path / "whole", as_of=NOW))
    cut = pq.read_table(
        build(drawn, home=tmp_path / "cut", as_of=NOW, limits=Limits(points_per_round=7))
    )

    assert cut.equals(whole)


@pytest.mark.parametrize(("points", "rounds"), [(39, 2), (40, 1), (41, 1), (20, 2), (7, 6)])
def test_customers_are_cut_into_as_few_rounds_as_hold_them(points: int, rounds: int) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE spine AS SELECT 'c' || i AS customer_id FROM range(40) t(i)")

    assert len(rounds_of(connection, points=points)) == rounds


def test_every_customer_is_in_the_population_once(drawn: Path, tmp_path: Path) -> None:
    table = pq.read_table(build_population(drawn, home=tmp_path, as_of=NOW - days(800)))

    assert table["customer_id"].to_pylist() == [f"c{number:03}" for number in range(40)]
    assert set(table["as_of"].to_pylist()) == {NOW - days(800)}


def test_views_hold_one_row_per_customer_and_instant(drawn: Path, tmp_path: Path) -> None:
    frame = pq.read_table(build_training(drawn, home=tmp_path, as_of=NOW))
    points = set(zip(*(frame[c].to_pylist() for c in ("customer_id", "as_of")), strict=True))

    for view in VIEWS:
        kept = pq.read_table(view_path(tmp_path, view=view.name))
        times = [kept[c].to_pylist() for c in ("event_timestamp", "created_timestamp")]
        assert times[0] == times[1]
        assert set(zip(kept["customer_id"].to_pylist(), times[0], strict=True)) == points
        assert kept.num_rows == len(points)


def test_demographics_are_the_individuals_else_the_postcodes(tmp_path: Path) -> None:
    history = History().customer("ann", postcode="01101").customer("bob", postcode="01101")
    history.add("demographics", at=NOW - days(500), level="postcode", postcode="01101",
                income=41_000.0, home_owner=0.4)  # fmt: skip
    history.add("demographics", at=NOW - days(90), known=NOW - days(20), level="individual",
                customer_id="ann", income=70_000.0, life_event="married")  # fmt: skip
    history.add("demographics", at=NOW - days(200), known=NOW - days(10), level="individual",
                customer_id="ann", income=10.0)  # fmt: skip
    tables = history.write(tmp_path / "tables")

    def at(as_of: datetime) -> list[dict[str, Any]]:
        return pq.read_table(build_population(tables, home=tmp_path, as_of=as_of)).to_pylist()

    ann, bob = at(NOW)
    assert (ann["income"], ann["income_level"], ann["home_owner"]) == (70_000.0, "individual", 0.4)
    assert ann["postcode_median_income"] == 41_000.0
    assert (ann["life_event"], bob["life_event"]) == ("married", "unknown")
    assert (bob["income"], bob["income_level"]) == (41_000.0, "postcode")
    assert at(NOW - days(30))[0]["income_level"] == "postcode"
    assert at(NOW - days(600))[0]["income_level"] == "none"


def test_the_customer_record_tells_nothing_before_it_is_known(tmp_path: Path) -> None:
    record = {"phone": "+1555", "email": "a@b", "preferred_channel": "chat", "language": "es"}
    tables = History().customer(at=NOW - days(5), **record).write(tmp_path / "tables")

    told = [
        pq.read_table(build_population(tables, home=tmp_path, as_of=as_of)).to_pylist()[0]
        for as_of in (NOW, NOW - days(5))
    ]

    names = ("has_phone", "has_email", "preferred_channel", "language", "days_known")
    assert [told[0][name] for name in names] == [1, 1, "chat", "es", 5.0]
    assert [told[1][name] for name in names] == [0, 0, "none", "unknown", None]


def test_absent_tables_are_empty_and_said(drawn: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for table in ("customers", "contacts"):
        (few / f"{table}.parquet").symlink_to(drawn / f"{table}.parquet")

    frame = pq.read_table(build_training(few, home=tmp_path, as_of=NOW))

    counts = msgspec.json.decode((tmp_path / "features" / "training.json").read_bytes())
    assert "activity_events" in counts["absent_tables"]
    assert set(frame["page_views_last_365_days"].to_pylist()) == {0}


def test_a_missing_table_a_naive_instant_and_no_contact_are_named(tmp_path: Path) -> None:
    tables = History().customer().write(tmp_path / "tables")

    with pytest.raises(ContractError, match="has no time zone"):
        build_population(tables, home=tmp_path, as_of=datetime(2026, 1, 1))
    with pytest.raises(ContractError, match="Of 0 contacts known before"):
        build_training(tables, home=tmp_path, as_of=NOW)
    (tables / "contacts.parquet").unlink()
    with pytest.raises(DataNotFoundError, match="contacts"):
        build_training(tables, home=tmp_path, as_of=NOW)


def test_a_repeated_customer_is_an_error_and_leaves_the_old_frame(tmp_path: Path) -> None:
    history = History().customer()
    tables = history.write(tmp_path / "tables")
    path = build_population(tables, home=tmp_path, as_of=NOW)
    before = path.read_bytes()
    history.customer().write(tables)

    with pytest.raises(ContractError, match="callworth check"):
        build_population(tables, home=tmp_path, as_of=NOW)

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["population.parquet"]


def test_rows_in_the_quarantine_of_a_check_are_left_out(tmp_path: Path) -> None:
    history = History().customer()
    history.event("payment", NOW - days(2), amount=-5.0).event("payment", NOW - days(3), amount=7.0)
    tables = history.write(tmp_path / "tables")
    quarantine = tmp_path / "quarantine"
    check(tables, quarantine=quarantine)

    (row,) = pq.read_table(build_population(tables, home=tmp_path, as_of=NOW)).to_pylist()

    assert row["payments_last_30_days"] == 1
    assert row["payments_amount_last_30_days"] == 7.0


def test_progress_counts_every_value(drawn: Path, tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    counted: list[int] = []

    @contextmanager
    def track(doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        told.append((total, unit))
        yield counted.append

    build_population(
        drawn, home=tmp_path, as_of=NOW, track=track, limits=Limits(points_per_round=9)
    )

    assert told == [(40 * len(FEATURES), "values")]
    assert sum(counted) == 40 * len(FEATURES)
    assert len(counted) > 3


def test_an_instant_in_another_zone_is_the_same_instant(drawn: Path, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    here = build_population(drawn, home=tmp_path / "here", as_of=NOW)
    there = build_population(
        drawn, home=tmp_path / "there", as_of=NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    )

    assert pq.read_table(here).equals(pq.read_table(there))
    assert NOW.utcoffset() == timedelta(0)
