"""What is erased from single stores: a damaged log, a log that a server writes, shared numbers."""

from __future__ import annotations

import csv
import gzip
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.erasing import strategy_sets
from pipelines.erasing.csv_files import erase_csv
from pipelines.erasing.decision_log import TOMBSTONE, erase_log
from pipelines.erasing.erase import erase
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.erasing.marks import Mark, MarkKind
from pipelines.erasing.parquet_files import erase_parquet
from pipelines.erasing.person import Person, known_person
from pipelines.running import free_port, server
from routing.open_set import OpenSet
from routing.strategy_file import Header
from routing.strategy_pointer import read_pointer
from tests.formed_sets import form_set
from tests.plain_world import make_population, make_tables

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PHONE = "+15557310042"
PERSON = Person("c00001", "main", (Mark(MarkKind.ID, "c00001"), Mark(MarkKind.PHONE, PHONE)))


def _lies_in(folder: Path, *texts: str) -> list[str]:
    return [
        f"{path.name}: {text}"
        for path in folder.rglob("*")
        if path.is_file()
        for text in texts
        if text.encode() in path.read_bytes()
    ]


def test_a_log_is_erased_under_a_server_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    form_set(home)
    monkeypatch.setenv("CALLWORTH_HOME", str(home))
    port = free_port(0)
    address = f"http://127.0.0.1:{port}"

    def ask(number: int, **contact: str) -> None:
        body = {"contact_id": f"k{number}", "channel": "voice", **contact}
        client.post("/v1/decisions", json=body).raise_for_status()

    arguments = ["pipelines.cli", "serve", "--port", str(port)]
    with (
        server(arguments, ready=f"{address}/health/live", log=tmp_path / "said.txt"),
        httpx.Client(base_url=address) as client,
    ):
        for number in range(60):
            ask(number, customer_id="c00001" if number % 3 == 0 else "c00002")
            ask(100 + number, **{"from": PHONE})
        while client.get("/health/ready").json()["log"]["waiting"]:
            time.sleep(0.05)
        emptied = erase_log(home / "log" / "decisions.sqlite", PERSON)
        for number in range(60):
            ask(200 + number, customer_id="c00002")
        assert client.get("/health/ready").json()["log"]["dropped"] == 0
    assert emptied == 20 + 60
    assert _lies_in(home / "log", "c00001", PHONE) == []
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as log:
        sql = "SELECT count(*), sum(request = ?) FROM decisions"
        assert log.execute(sql, (TOMBSTONE,)).fetchone() == (180, 80)
        assert log.execute("SELECT count(*) FROM gaps").fetchone() == (0,)


def test_a_damaged_log_that_was_put_aside_is_overwritten(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_tables(home / "tables", customers=40)
    make_population(home, customers=40)
    damaged = home / "log" / "decisions.damaged-1.sqlite"
    damaged.parent.mkdir()
    damaged.write_bytes(b"SQLite format 3\x00" + b"\xff" * 600 + b"k1mainc000019phone2026" * 3)
    size = damaged.stat().st_size
    done = erase("c000019", home=home, by="test", now=NOW)
    assert done.left == ()
    assert b"c000019" not in damaged.read_bytes()
    assert damaged.stat().st_size == size


def test_what_a_household_shares_stays_with_the_other(tmp_path: Path) -> None:
    tables = make_tables(tmp_path / "tables", customers=40)
    person = known_person("c000010", tables=tables, partner=None)  # 10 and 11 share a household
    assert {one.kind for one in person.shared} == {MarkKind.PHONE, MarkKind.STREET}
    assert erase_parquet(tables / "customers.parquet", person).rows == 1
    left = pq.read_table(tables / "customers.parquet").to_pylist()
    (other,) = [row for row in left if row["customer_id"] == "c000011"]
    assert other["street"] == "5 Main St"
    assert other["phone"]


def test_a_file_without_the_person_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"customer_id": ["c00002", None], "n": [1, 2]}), path)
    before = path.stat().st_ino
    assert not erase_parquet(path, PERSON)
    assert path.stat().st_ino == before


def test_row_groups_types_and_order_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    ids = ["c00001", "c00002", "c00003", "c00001", "c00004"]
    dictionary = pa.array(["a", PHONE, "b", "c", "d"]).dictionary_encode()
    table = pa.table({"customer_id": ids, "said": dictionary, "n": pa.array(range(5), pa.int32())})
    pq.write_table(table, path, row_group_size=2, compression="zstd")
    touched = erase_parquet(path, PERSON)
    assert (touched.rows, touched.cells) == (2, 1)
    with pq.ParquetFile(path) as file:
        assert file.metadata.num_row_groups == 3
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        left = file.read()
    assert left.schema.equals(table.schema)
    assert left.to_pydict() == {
        "customer_id": ["c00002", "c00003", "c00004"], "said": [None, "b", "d"], "n": [1, 2, 4],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_csv_table_loses_the_rows_and_keeps_the_others(
    tmp_path: Path, name: str, delimiter: str
) -> None:
    rows = [
        ["contact_id", "customer_id", "calling_number", "reason"],
        ["k1", "c00001", PHONE, "quote"],
        ["k2", "c00002", "+15550000001", 'said "no"\nand hung up'],
        ["k3", "", PHONE, "a;b,c"],
        ["k4", "c000011", "", "Zoë"],
    ]
    path, opened = tmp_path / name, gzip.open if name.endswith("gz") else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    assert erase_csv(path, PERSON) == 2
    assert erase_csv(path, PERSON) == 0
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        left = list(csv.reader(file, delimiter=delimiter))
    assert left == [rows[0], rows[2], ["k3", "", "", "a;b,c"], rows[4]]


def test_the_pointer_says_the_size_that_the_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form_set(tmp_path)
    folder = tmp_path / "strategies"
    whole = strategy_sets.header_of

    def longer(path: Path) -> Header:  # as where pages are split: the file grows
        return msgspec.structs.replace(whole(path), features=("f" * 9_000,))

    before = read_pointer(folder)
    monkeypatch.setattr(strategy_sets, "header_of", longer)
    assert strategy_sets.erase_strategies(folder, PERSON) == 1
    after = read_pointer(folder)
    assert before is not None
    assert after is not None
    assert after.bytes == (folder / after.file).stat().st_size > before.bytes
    opened = OpenSet.open(folder / after.file, pointer=after)
    assert opened.by_customer("north", "c00001") is None
    assert opened.by_customer("main", "c00001") is None
    assert opened.by_customer("main", "c00002") is not None


def test_a_word_that_is_no_customer_is_crossed_out_nowhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    form_set(home)
    manifest = home / "models" / "1" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"features": ["age"]}')
    with pytest.raises(CustomerNotHeldError):
        erase("features", home=home, by="test", now=NOW)
    assert manifest.read_text() == '{"features": ["age"]}'
    assert not (home / "erased").exists()


def test_a_customer_who_left_the_tables_is_still_erased(tmp_path: Path) -> None:
    home = tmp_path / "home"
    form_set(home)
    done = erase("c00001", home=home, by="test", now=NOW)
    assert done.taken["strategies"] == 1
    assert not _lies_in(home, "c00001")


def test_files_by_which_a_model_answers_are_told_of_and_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    form_set(home)
    folder = home / "models" / "1"
    (folder / "lead").mkdir(parents=True)
    (folder / "contents.json").write_text('{"encoding.json": {}, "lead/accept.json": {}}')
    for name in ("encoding.json", "lead/accept.json", "manifest.json", "card.json"):
        (folder / name).write_text('["c00001"]')
    done = erase("c00001", home=home, by="test", now=NOW)
    kept = {"encoding.json", "lead/accept.json", "manifest.json"}
    assert {one.relative_to(folder).as_posix() for one in done.left} == kept
    assert (folder / "encoding.json").read_text() == '["c00001"]'
    assert (folder / "card.json").read_text() == '["xxxxxx"]'


def test_a_name_of_one_word_is_looked_for_in_nobody_elses_rows(tmp_path: Path) -> None:
    people = {"customer_id": ["c00001", "c00002"], "partner": ["main"] * 2,
              "name": ["Voice", "Jane Miller"], "street": ["1 Elm Street", "Broadway"],
              "language": ["en"] * 2, "do_not_offer": [False] * 2, "occurred_at": [NOW] * 2,
              "known_at": [NOW] * 2}  # fmt: skip
    (tmp_path / "customers").mkdir()
    pq.write_table(pa.table(people), tmp_path / "customers" / "customers.parquet")
    texts = [one.text for one in known_person("c00001", tables=tmp_path, partner=None).marks]
    assert texts == ["c00001", "1 Elm Street"]
    texts = [one.text for one in known_person("c00002", tables=tmp_path, partner=None).marks]
    assert texts == ["c00002", "Jane Miller"]
