"""Every rule finds its fault, and good rows and bad rows are all rows."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.check import check
from features.check_report import CheckReport
from features.contract import TABLES
from features.errors import ContractError, DataNotFoundError
from features.rules import Rule
from features.source import open_source


def faults(quarantine: Path, table: str) -> list[tuple[str, str, str, str, str]]:
    """Row, key, column, value, rule of each fault of a table."""
    file = quarantine / f"{table}.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        read = list(csv.DictReader(lines))
    assert {row["table"] for row in read} == {table}
    return [(row["row"], row["key"], row["column"], row["value"], row["rule"]) for row in read]


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.sql(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]


def test_an_insurer_without_faults_passes(write, insurer, tmp_path):
    report = check(write(insurer), quarantine=tmp_path / "quarantine")
    assert [(t.table, t.faults) for t in report.tables if t.bad_rows] == []
    assert report.exit_code == 0
    assert report.rows == sum(len(rows) for rows in insurer.rows.values())


# (table, row, planted values, column, value as written in the quarantine, rule)
PLANTED = [
    ("customers", 2, {"language": None}, "language", "", Rule.NOT_EMPTY),
    ("customers", 2, {"name": "  "}, "name", "", Rule.NOT_EMPTY),
    ("customers", 3, {"phone": "0155 501"}, "phone", "0155 501", Rule.PHONE),
    ("customers", 3, {"second_phone": "+0155501"}, "second_phone", "+0155501", Rule.PHONE),
    ("customers", 3, {"email": "nobody"}, "email", "nobody", Rule.EMAIL),
    ("customers", 1, {"preferred_channel": "fax"}, "preferred_channel", "fax", Rule.ALLOWED),
    ("customer_events", 2, {"kind": "purchse"}, "kind", "purchse", Rule.ALLOWED),
    ("customer_events", 2, {"amount": -3.5}, "amount", "-3.5", Rule.RANGE),
    ("customer_events", 2, {"amount": float("nan")}, "amount", "nan", Rule.FINITE),
    ("customer_events", 2, {"amount": float("inf")}, "amount", "inf", Rule.FINITE),
    ("customer_events", 4, {"customer_id": "c9"}, "customer_id", "c9", Rule.REFERENCE),
    ("activity_events", 1, {"channel": "fax"}, "channel", "fax", Rule.ALLOWED),
    ("attributions", 1, {"medium": "rumour"}, "medium", "rumour", Rule.ALLOWED),
    ("attributions", 1, {"dialled_number": "x"}, "dialled_number", "x", Rule.PHONE),
    ("demographics", 1, {"age": 140.0}, "age", "140", Rule.RANGE),
    ("demographics", 1, {"household_size": 0.0}, "household_size", "0", Rule.RANGE),
    ("demographics", 1, {"customer_id": None}, "customer_id", "", Rule.LEVEL_KEY),
    ("demographics", 5, {"postcode": None}, "postcode", "", Rule.LEVEL_KEY),
    ("contacts", 1, {"calling_number": "anonymous"}, "calling_number", "anonymous", Rule.PHONE),
    ("contacts", 1, {"dialled_number": "1"}, "dialled_number", "1", Rule.PHONE),
    ("contacts", 1, {"offer_probability": None}, "offer_probability", "", Rule.PROBABILITY),
    ("contacts", 1, {"offer_probability": 0.0}, "offer_probability", "0", Rule.PROBABILITY),
    ("contacts", 1, {"offer_probability": 1.25}, "offer_probability", "1.25", Rule.RANGE),
    ("contacts", 5, {"offer_id": "o1"}, "offer_id", "o1", Rule.AGENT_REACHED),
    ("contacts", 2, {"offer_id": "o9"}, "offer_id", "o9", Rule.REFERENCE),
    ("contacts", 2, {"waited_seconds": -1.0}, "waited_seconds", "-1", Rule.RANGE),
    ("outcomes", 2, {"revenue": 0.0}, "revenue", "0", Rule.REVENUE),
    ("outcomes", 2, {"accepted": False}, "revenue", "90", Rule.REVENUE),
    ("outcomes", 2, {"contact_id": "k9"}, "contact_id", "k9", Rule.REFERENCE),
    ("offers", 1, {"eligible_stages": "lead,buyer"}, "eligible_stages", "lead,buyer", Rule.STAGES),
    ("offers", 1, {"maturity_days": 0}, "maturity_days", "0", Rule.RANGE),
    ("agents", 1, {"centre": "south"}, "centre", "south", Rule.REFERENCE),
    ("agents", 1, {"skill_level": 9}, "skill_level", "9", Rule.RANGE),
    ("customers", 4, {"partner": "other"}, None, None, Rule.SAME_PARTNER),
]


@pytest.mark.parametrize(("table", "row", "values", "column", "value", "rule"), PLANTED)
def test_a_planted_fault_lies_in_the_quarantine(
    insurer, tmp_path, table, row, values, column, value, rule
):
    insurer.set(table, row, **values)
    if rule is Rule.SAME_PARTNER:
        table, row, column, value = "customer_events", 4, "customer_id", "c4"
    root = insurer.only(table).parquet(tmp_path / "tables")
    report = check(root, quarantine=tmp_path / "quarantine")
    key = " / ".join(str(insurer.rows[table][row - 1][k]) for k in TABLES[table].key)
    found = faults(tmp_path / "quarantine", table)
    assert found == [(str(row), key, column, found[0][3], str(rule))]
    assert found[0][3] == value or float(found[0][3]) == float(value)
    told = next(t for t in report.tables if t.table == table)
    assert (told.bad_rows, told.faults[0].rule, told.faults[0].rows) == (1, rule, 1)


@pytest.mark.parametrize(
    ("table", "row", "values", "column", "rule"),
    [
        ("customers", 2, {"do_not_offer": "perhaps"}, "do_not_offer", Rule.TYPE),
        ("customer_events", 2, {"amount": "12,50"}, "amount", Rule.TYPE),
        ("offers", 1, {"maturity_days": "30.5"}, "maturity_days", Rule.TYPE),
        ("contacts", 1, {"known_at": "yesterday"}, "known_at", Rule.TYPE),
        ("contacts", 1, {"known_at": "2026-03-01 09:30:00"}, "known_at", Rule.TIME_ZONE),
        ("contacts", 1, {"known_at": "2026-03-01"}, "known_at", Rule.TIME_ZONE),
        ("contacts", 1, {"known_at": ""}, "known_at", Rule.NOT_EMPTY),
        ("contacts", 1, {"waited_seconds": ""}, "waited_seconds", Rule.NOT_EMPTY),
    ],
)
def test_a_value_that_does_not_cast_is_found_in_csv(
    insurer, tmp_path, table, row, values, column, rule
):
    insurer.set(table, row, **values).only(table)
    root = insurer.csv(tmp_path / "tables", zipped=(table,))
    check(root, quarantine=tmp_path / "quarantine")
    found = faults(tmp_path / "quarantine", table)
    assert [fault[0::2] for fault in found] == [(str(row), column, str(rule))]
    assert found[0][3] == values[column]


def test_a_row_known_before_it_occurred_is_found(write, insurer, tmp_path):
    early = insurer.rows["customer_events"][0]["occurred_at"] - timedelta(seconds=1)
    insurer.set("customer_events", 1, known_at=early).only("customer_events")
    check(write(insurer), quarantine=tmp_path / "q")
    assert [f[4] for f in faults(tmp_path / "q", "customer_events")] == ["known_after_occurred"]


def test_the_first_row_of_a_key_stays_and_the_later_ones_go(write, insurer, tmp_path):
    insurer.set("customers", 3, customer_id="c1").set("customer_events", 3, customer_id="c1")
    path = write(insurer.only("customers"))
    check(path, quarantine=tmp_path / "q")
    assert faults(tmp_path / "q", "customers") == [("3", "c1", "customer_id", "c1", "unique_key")]


def test_a_key_of_two_columns_is_told_whole(write, insurer, tmp_path):
    insurer.set("outcomes", 4, contact_id="k1", offer_id="o1")
    check(write(insurer.only("outcomes")), quarantine=tmp_path / "q")
    assert faults(tmp_path / "q", "outcomes") == [("4", "k1 / o1", "offer_id", "o1", "unique_key")]


def test_a_line_of_a_wrong_shape_is_told_by_its_line(insurer, tmp_path):
    root = insurer.csv(tmp_path / "tables")
    file = root / "centres.csv"
    file.write_text(file.read_text() + "main,south\nmain,east,some city,2\nmain,west,a,1,1\n")
    report = check(root, quarantine=tmp_path / "q")
    assert faults(tmp_path / "q", "centres") == [
        ("3", "", "city", "main,south", "shape"),
        ("5", "", "", "main,west,a,1,1", "shape"),
    ]
    assert next((t.rows, t.bad_rows) for t in report.tables if t.table == "centres") == (4, 2)


def test_line_ends_of_two_kinds_are_refused_by_name(insurer, tmp_path):
    root = insurer.only("centres").csv(tmp_path / "tables")
    file = root / "centres.csv"
    file.write_bytes(file.read_bytes() + b"main,c8,x,1\nmain,c9,x,1\r\n")
    with pytest.raises(ContractError, match=r"'centres' .* cannot be read.*one kind of line end"):
        check(root, quarantine=tmp_path / "q")
    assert not (tmp_path / "q").exists()


def test_nanoseconds_and_narrow_numbers_are_no_fault(insurer, tmp_path):
    root = insurer.only("offers").parquet(tmp_path / "tables")
    events = {"event_id": "e1", "customer_id": "c1", "kind": "claim", "product": None}
    table = pa.Table.from_pylist([{"partner": "main", **events}])
    at = pa.array([1_767_225_600_000_000_000], pa.timestamp("ns", "UTC"))
    table = table.append_column("occurred_at", at).append_column("known_at", at)
    table = table.append_column("amount", pa.array([3], pa.int32()))
    pq.write_table(table, root / "customer_events.parquet")
    assert check(root, quarantine=tmp_path / "q").bad_rows == 0


def test_times_without_a_time_zone_put_the_whole_table_aside(insurer, tmp_path):
    root = insurer.parquet(tmp_path / "tables")
    file = next((root / "contacts").rglob("*.parquet"))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        kept = f"SELECT * REPLACE (known_at::TIMESTAMP AS known_at) FROM read_parquet('{file}')"
        connection.execute(f"CREATE TABLE kept AS {kept}")
        connection.execute(f"COPY kept TO '{file}' (FORMAT parquet)")
        report = check(root, quarantine=tmp_path / "q")
        told = next(t for t in report.tables if t.table == "contacts")
        assert (told.rows, told.bad_rows, told.faults[0].rows) == (5, 5, 5)
        assert faults(tmp_path / "q", "contacts") == [
            ("", "", "known_at", "TIMESTAMP", "time_zone")
        ]
        open_source(root, without=tmp_path / "q").attach(connection)
        assert count(connection, "contacts") == 0


def test_a_missing_column_is_told_with_the_nearest_name(insurer, tmp_path):
    root = insurer.csv(tmp_path / "tables")
    file = root / "agents.csv"
    file.write_text(file.read_text().replace("skill_level", "skil_level"))
    report = check(root, quarantine=tmp_path / "q")
    fault = next(t for t in report.tables if t.table == "agents").faults[0]
    assert (fault.rule, fault.column, fault.where) == (
        Rule.COLUMN,
        "skill_level",
        "the whole column",
    )
    assert "Was 'skil_level' meant?" in fault.fix
    assert report.exit_code == 1


def test_what_cannot_be_checked_is_said(insurer, tmp_path):
    del insurer.rows["centres"]
    report = check(insurer.parquet(tmp_path / "tables"), quarantine=tmp_path / "q")
    agents = next(t for t in report.tables if t.table == "agents")
    assert agents.not_checked == ("whether centre exists: there is no table 'centres'",)
    assert report.absent == ("centres",)


def test_good_rows_and_bad_rows_are_all_rows(write, insurer, tmp_path):
    for table, row, values, *_ in PLANTED:
        insurer.set(table, row, **values)
    path = write(insurer)
    report = check(path, quarantine=tmp_path / "q")
    with duckdb.connect() as connection:
        open_source(path, without=tmp_path / "q").attach(connection)
        for told in report.tables:
            assert count(connection, told.table) + told.bad_rows == told.rows, told.table
            assert told.rows == len(insurer.rows[told.table])
            distinct = {fault[0] for fault in faults(tmp_path / "q", told.table)}
            assert len(distinct) == told.bad_rows


GARBAGE = [
    "",
    " ",
    "x",
    "-1",
    "1e999",
    "nan",
    "999",
    "true",
    '"',
    "a,b",
    "2026-01-01",
    "+1555",
    "c1",
]


@pytest.mark.parametrize("seed", range(4))
def test_however_the_text_is_spoilt_no_row_is_lost(insurer, tmp_path, seed):
    draw = np.random.default_rng(seed)
    root = insurer.only("outcomes").csv(tmp_path / "tables")
    for file in root.glob("*.csv"):
        header, *lines = file.read_text().splitlines()
        for number in range(len(lines)):
            cells = lines[number].split(",")
            cells[draw.integers(len(cells))] = str(draw.choice(GARBAGE))
            lines[number] = ",".join(cells)
        # A quote that never ends takes the lines after it along: only the last line may have one.
        lines = [line.replace('"', "") for line in lines[:-1]] + lines[-1:]
        file.write_text("\n".join([header, *lines]) + "\n")
    report = check(root, quarantine=tmp_path / "q")
    assert report.bad_rows > 0
    with duckdb.connect() as connection:
        open_source(root, without=tmp_path / "q").attach(connection)
        for told in report.tables:
            assert told.rows == len(insurer.rows[told.table])
            assert count(connection, told.table) + told.bad_rows == told.rows, told.table


def test_what_stays_passes_the_row_rules(insurer, tmp_path):
    for table, row, values, *_ in PLANTED:
        insurer.set(table, row, **values)
    root = insurer.parquet(tmp_path / "tables")
    check(root, quarantine=tmp_path / "q")
    clean = tmp_path / "clean"
    clean.mkdir()
    with duckdb.connect() as connection:
        open_source(root, without=tmp_path / "q").attach(connection)
        for name in TABLES:
            connection.execute(f"COPY {name} TO '{clean}/{name}.parquet'")
    again = check(clean, quarantine=tmp_path / "q2")
    left = {fault.rule for table in again.tables for fault in table.faults}
    # A reference may name a row that is itself in quarantine; no other rule may still be broken.
    assert left <= {Rule.REFERENCE}


def test_the_exit_code_turns_at_the_share(insurer, tmp_path):
    root = (
        insurer.set("customers", 1, email="nobody").only("customers").parquet(tmp_path / "tables")
    )
    assert check(root, quarantine=tmp_path / "q", share=0.25).exit_code == 0
    over = check(root, quarantine=tmp_path / "q", share=0.24)
    assert (over.exit_code, over.over_share) == (1, ("customers",))


def test_the_report_reads_back_as_written(insurer, tmp_path):
    root = insurer.set("customer_events", 1, kind="purchse").parquet(tmp_path / "tables")
    report = check(root, quarantine=tmp_path / "q")
    written = (tmp_path / "q" / "check.json").read_text()
    assert CheckReport.from_json(written) == report
    fault = next(t for t in report.tables if t.table == "customer_events").faults[0]
    assert fault.example == "purchse"
    assert fault.where == "row 1 of customer_events/partner=main/part-00000.parquet"
    assert fault.fix.endswith("Was 'purchase' meant?")


def test_a_second_check_replaces_the_first(insurer, tmp_path):
    root = insurer.set("customers", 1, email="nobody").only("customers").csv(tmp_path / "tables")
    check(root, quarantine=tmp_path / "q")
    insurer.set("customers", 1, email="some@example.com").csv(root)
    check(root, quarantine=tmp_path / "q")
    assert [file.name for file in (tmp_path / "q").iterdir()] == ["check.json"]


def test_a_folder_that_no_check_wrote_is_not_replaced(insurer, tmp_path):
    root = insurer.parquet(tmp_path / "tables")
    with pytest.raises(ContractError, match="no check wrote"):
        check(root, quarantine=root)
    assert open_source(root).tables


def test_a_failure_leaves_no_half_written_quarantine(insurer, tmp_path, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    root = (
        insurer.set("customers", 1, email="nobody").only("customers").parquet(tmp_path / "tables")
    )
    monkeypatch.setattr(CheckReport, "to_json", fails)
    with pytest.raises(KeyboardInterrupt):
        check(root, quarantine=tmp_path / "q")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["tables"]


def test_tables_that_changed_after_the_check_are_refused(insurer, tmp_path):
    root = insurer.set("customers", 1, email="nobody").only("customers").csv(tmp_path / "tables")
    check(root, quarantine=tmp_path / "q")
    insurer.set("customers", 2, email="nobody2").csv(root)
    with duckdb.connect() as connection, pytest.raises(ContractError, match="changed since"):
        open_source(root, without=tmp_path / "q").attach(connection)
    with duckdb.connect() as connection, pytest.raises(DataNotFoundError, match="callworth check"):
        open_source(root, without=tmp_path / "nowhere").attach(connection)


def test_every_rule_is_planted_somewhere():
    here = Path(__file__).read_text(encoding="utf-8")
    assert [
        rule.name for rule in Rule if f"Rule.{rule.name}" not in here and rule not in here
    ] == []


def test_the_guide_names_every_rule_once(root):
    guide = (root / "docs" / "check.md").read_text(encoding="utf-8")
    named = [line.split("`")[1] for line in guide.splitlines() if line.startswith("| `")]
    assert named == [str(rule) for rule in Rule]
