"""The three forms of the tables give the same views."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.check import check
from features.contract import TABLES
from features.errors import ContractError, DataNotFoundError
from features.quarantine import open_checked
from features.source import SQL_TYPES, open_source

FULL_TYPES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


def rows(path: Path, table: str, **options: bool) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        open_source(path).attach(connection, **options)
        return connection.sql(f'FROM "{table}" ORDER BY ALL').fetchall()


def test_every_form_gives_the_rows_that_were_written(write, insurer):
    path = write(insurer)
    assert open_source(path).tables == set(TABLES)
    with duckdb.connect() as connection:
        open_source(path).attach(connection)
        for name, table in TABLES.items():
            found = connection.sql(f'FROM "{name}"')
            types = [FULL_TYPES.get(SQL_TYPES[c.type], SQL_TYPES[c.type]) for c in table.columns]
            assert tuple(found.columns) == table.column_names
            assert [str(kind) for kind in found.types] == types
            keys = [tuple(row[key] for key in table.key) for row in insurer.rows[name]]
            assert sorted(found.select(*table.key).fetchall()) == sorted(keys)
        times = connection.sql("SELECT epoch(min(occurred_at)) FROM contacts").fetchall()[0][0]
        assert times == min(r["occurred_at"] for r in insurer.rows["contacts"]).timestamp()


def test_the_three_forms_agree(insurer, tmp_path):
    parquet = insurer.parquet(tmp_path / "parquet")
    csv = insurer.csv(tmp_path / "csv", zipped=("contacts", "customers"))
    database = insurer.duckdb(tmp_path / "tables.duckdb")
    for table in TABLES:
        assert rows(parquet, table) == rows(csv, table) == rows(database, table), table


def test_a_value_that_does_not_cast_is_null_and_its_row_stays(insurer, tmp_path):
    insurer.set("customer_events", 1, amount="much").set("offers", 1, maturity_days="30.5")
    path = insurer.csv(tmp_path / "tables")
    with duckdb.connect() as connection:
        open_source(path).attach(connection)
        amounts = connection.sql("SELECT amount FROM customer_events ORDER BY event_id").fetchall()
        days = connection.sql("SELECT maturity_days FROM offers ORDER BY offer_id").fetchall()
    assert amounts == [(None,), (12.5,), (12.5,), (12.5,)]
    assert days == [(None,), (1,)]


def test_raw_views_hold_what_was_found_with_its_place(insurer, tmp_path):
    path = insurer.set("centres", 1, seats="many").csv(tmp_path / "tables")
    assert rows(path, "centres", raw=True) == [
        ("centres.csv", 1, "main", "north", "some city", "many")
    ]


def test_a_nullable_column_that_is_not_there_is_null(insurer, tmp_path):
    path = insurer.csv(tmp_path / "tables")
    file = path / "customers.csv"
    file.write_text(file.read_text().replace("second_phone", "another_phone"))
    with duckdb.connect() as connection:
        open_source(path).attach(connection)
        found = connection.sql("SELECT count(*), count(second_phone) FROM customers").fetchall()
    assert found == [(4, 0)]


def test_a_missing_column_is_named_with_the_nearest(insurer, tmp_path):
    path = insurer.csv(tmp_path / "tables")
    file = path / "customers.csv"
    file.write_text(file.read_text().replace("language", "langage"))
    with duckdb.connect() as connection, pytest.raises(ContractError) as raised:
        open_source(path).attach(connection)
    assert "Table 'customers'" in raised.value.fact
    assert "language" in raised.value.fact
    assert raised.value.fix.endswith("Was 'langage' meant?")


def test_semicolons_a_byte_order_mark_and_quotes_are_read(tmp_path):
    text = '\ufeffpartner;centre;city;seats\nmain;c1;"Rome; ""EUR""";10\n'
    (tmp_path / "centres.csv").write_text(text, encoding="utf-8")
    assert rows(tmp_path, "centres") == [("main", "c1", 'Rome; "EUR"', 10)]


def test_several_csv_files_are_one_table_numbered_within_each(tmp_path):
    (tmp_path / "centres").mkdir()
    for n in (1, 2):
        (tmp_path / "centres" / f"{n}.csv").write_text(f"partner,centre,city,seats\na,c{n},x,{n}\n")
    assert [row[:4] for row in rows(tmp_path, "centres", raw=True)] == [
        ("centres/1.csv", 1, "a", "c1"),
        ("centres/2.csv", 1, "a", "c2"),
    ]


def test_a_partner_that_only_the_folder_names_is_read(tmp_path):
    for partner in ("a", "b"):
        folder = tmp_path / "centres" / f"partner={partner}"
        folder.mkdir(parents=True)
        table = pa.table({"centre": [f"c{partner}"], "city": ["x"], "seats": [3]})
        pq.write_table(table, folder / "part-0.parquet")
    assert rows(tmp_path, "centres") == [("a", "ca", "x", 3), ("b", "cb", "x", 3)]


def test_absent_tables_become_empty_views_when_asked(insurer, tmp_path):
    del insurer.rows["attributions"]
    path = insurer.parquet(tmp_path / "tables")
    assert rows(path, "attributions", absent=True) == []
    with pytest.raises(DataNotFoundError, match="lacks the tables: attributions"):
        open_source(path).require(["contacts", "attributions"])


def test_unknown_tables_are_named_and_not_read(insurer, tmp_path):
    path = insurer.parquet(tmp_path / "tables")
    (path / "surveys.csv").write_text("a,b\n")
    assert open_source(path).unknown == ("surveys.csv",)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "There is nothing at"),
        (lambda path: path.mkdir(), "it holds: nothing"),
        (lambda path: [path.mkdir(), (path / "x.csv").write_text("")], "it holds: x.csv"),
        (lambda path: path.write_text("a,b"), "is not a DuckDB file"),
    ],
)
def test_a_path_without_tables_is_refused(tmp_path, make, says):
    make(tmp_path / "tables")
    with pytest.raises(DataNotFoundError, match=says):
        open_source(tmp_path / "tables")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "centres.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ContractError, match=r"Table 'centres' in .* cannot be read"):
        open_source(tmp_path)


def test_a_table_in_two_forms_is_refused(insurer, tmp_path):
    path = insurer.only("centres").parquet(tmp_path / "tables")
    insurer.csv(path)
    with pytest.raises(ContractError, match="Keep one of them"):
        open_source(path)


def test_a_csv_without_a_header_is_refused(tmp_path):
    (tmp_path / "centres.csv").write_text("")
    with pytest.raises(ContractError, match="no header line"):
        open_source(tmp_path)


def test_checked_tables_are_opened_without_their_bad_rows(write, insurer, tmp_path):
    insurer.set("customers", 1, phone="0155 501")
    path, quarantine = write(insurer), tmp_path / "quarantine"
    check(path, quarantine=quarantine)
    assert open_checked(path, quarantine=quarantine).without == quarantine


def test_tables_that_were_never_checked_are_opened_whole(write, insurer, tmp_path):
    path = write(insurer)
    assert open_checked(path, quarantine=tmp_path / "quarantine").without is None
