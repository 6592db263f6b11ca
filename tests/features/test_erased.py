"""Rows of the erased are dropped wherever tables are opened for a workspace, and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from features.check import check
from features.erased import Tombstones
from features.errors import ContractError
from features.quarantine import open_checked

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_rows_of_the_erased_are_dropped_in_every_form(write, insurer, tmp_path: Path) -> None:
    source, quarantine = write(insurer), tmp_path / "quarantine"
    customer = insurer.rows["customer_events"][0]["customer_id"]
    Tombstones.beside(quarantine).add(customer, now=NOW, by="test")
    report = check(source, quarantine=quarantine)
    rows = {
        name: sum(row.get("customer_id") == customer for row in found)
        for name, found in insurer.rows.items()
    }
    assert report.erased == {name: count for name, count in rows.items() if count}
    for unchecked in (False, True):
        place = tmp_path / "elsewhere" / "quarantine" if unchecked else quarantine
        Tombstones.beside(place).add(customer, now=NOW, by="test")
        with duckdb.connect() as connection:
            open_checked(source, quarantine=place).attach(connection)
            for name, count in report.erased.items():
                left = connection.execute(
                    f"SELECT count(*), count(*) FILTER (customer_id = ?) FROM {name}", [customer]
                ).fetchone()
                assert left == (len(insurer.rows[name]) - count, 0)


def test_without_tombstones_nothing_is_dropped_and_nothing_is_made(
    write, insurer, tmp_path: Path
) -> None:
    report = check(write(insurer), quarantine=tmp_path / "quarantine")
    assert report.erased == {}
    assert not (tmp_path / "erased").exists()


def test_a_tombstone_is_set_once_and_names_nobody(tmp_path: Path) -> None:
    tombstones = Tombstones.of(tmp_path)
    first = tombstones.add("c1", now=NOW, by="first")
    assert tombstones.add("c1", now=NOW, by="second") == first
    assert len(list(tombstones)) == 1
    assert tombstones.among(["c0", "c1", "c11"]) == ["c1"]
    assert "c1" not in (tmp_path / "erased" / "customers.jsonl").read_text().replace(first.key, "")


def test_a_line_that_a_crash_cut_short_costs_no_other(tmp_path: Path) -> None:
    tombstones = Tombstones.of(tmp_path)
    tombstones.add("c1", now=NOW, by="test")
    with (tmp_path / "erased" / "customers.jsonl").open("a") as lines:
        lines.write('{"key": "12')
    tombstones.add("c2", now=NOW, by="test")
    assert tombstones.among(["c1", "c2", "c3"]) == ["c1", "c2"]


@pytest.mark.parametrize("text", [None, "no secret", "00" * 8])
def test_a_lost_secret_is_told_rather_than_everybody_let_back(
    tmp_path: Path, text: str | None
) -> None:
    tombstones = Tombstones.of(tmp_path)
    tombstones.add("c1", now=NOW, by="test")
    secret = tmp_path / "erased" / "erased.key"
    secret.unlink()
    if text is not None:
        secret.write_text(text)
    with pytest.raises(ContractError, match="cannot be used") as told:
        tombstones.among(["c1"])
    assert "backup" in told.value.fix
