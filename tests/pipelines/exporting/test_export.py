"""An export holds what every store holds of one customer, and nothing of the others."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import ContractError
from pipelines.cli.program import app
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.exporting.export import CONTENTS, export
from tests.pipelines.erasing.held_home import NAME, NOW, PHONES, build, places_naming


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("held") / "home"
    return home, build(home)


@pytest.fixture(scope="module")
def files(held: tuple[Path, str]) -> dict[str, Any]:
    home, customer = held
    target = home.with_name("answer.zip")
    export(customer, home=home, target=target, now=NOW)
    with zipfile.ZipFile(target) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_the_record_is_there_as_it_is_held(files: dict[str, Any], held: tuple[Path, str]) -> None:
    (row,) = files["tables-customers-partner-main-part-00000.json"]
    assert (row["customer_id"], row["name"]) == (held[1], NAME)
    assert (row["phone"], row["second_phone"]) == PHONES


def test_every_place_that_names_the_customer_is_told_of(
    files: dict[str, Any], held: tuple[Path, str]
) -> None:
    home, customer = held
    told = {name.removesuffix(".json") for name in files}
    elsewhere = {row["file"] for row in files["elsewhere.json"]}
    for place in places_naming(home, customer):
        path = place.partition(": ")[0].removesuffix("-wal")
        name = str(Path(path).with_suffix("")).replace("/", "-").replace("=", "-")
        assert name in told or path in elsewhere, path


def test_both_kept_strategies_come_with_what_was_known(
    files: dict[str, Any], held: tuple[Path, str]
) -> None:
    sets = [rows for name, rows in files.items() if name.startswith("strategies-")]
    assert len(sets) == 2
    for (row,) in sets:
        assert row["strategy"]["customer_id"] == held[1]
        assert set(row["known"]) == {"income", "life_event"}
        assert row["strategy"]["route"]["queue"]


def test_decisions_come_with_request_and_outcomes(files: dict[str, Any]) -> None:
    decisions = files["log-decisions.json"]
    assert len(decisions) >= 9
    assert all("outcomes" in one for one in decisions)
    assert any(json.loads(one["request"]).get("from") == PHONES[0] for one in decisions)


def test_nobody_else_is_in_it(files: dict[str, Any], held: tuple[Path, str]) -> None:
    everything = json.dumps({name: rows for name, rows in files.items() if name != CONTENTS})
    assert "c0000001" not in everything
    assert held[1] in everything


def test_only_its_owner_may_read_it(held: tuple[Path, str], tmp_path: Path) -> None:
    home, customer = held
    for target in (tmp_path / "folder", tmp_path / "file.zip"):
        done = export(customer, home=home, target=target, now=NOW)
        assert done.rows["log/decisions"] >= 9
        assert target.stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "folder" / CONTENTS).read_text())["rows"] == done.rows


def test_it_is_not_written_where_the_next_export_finds_it(
    held: tuple[Path, str], tmp_path: Path
) -> None:
    home, customer = held
    with pytest.raises(ContractError, match="lies in the home folder"):
        export(customer, home=home, target=home / "answer.zip", now=NOW)
    with pytest.raises(ContractError, match="is there already"):
        export(customer, home=home, target=tmp_path, now=NOW)


def test_a_stranger_is_told_with_the_fix(held: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(CustomerNotHeldError, match="capitals and zeros count"):
        export("c9999999", home=held[0], target=tmp_path / "no.zip", now=NOW)


def test_the_verb_writes_and_counts(held: tuple[Path, str], tmp_path: Path) -> None:
    home, customer = held
    target = tmp_path / "answer.zip"
    said = CliRunner().invoke(
        app, ["export", customer, "--home", str(home), "--to", str(target), "--json"]
    )
    assert said.exit_code == 0
    assert json.loads(said.stdout)["rows"]["strategies/strategies-2026-10-31.1"] == 1
