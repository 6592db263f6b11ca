"""Offers are listed, paused, approved and ended at the command line, each with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DONE, REFUSED, USAGE, FAILED = 0, 1, 2, 3


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tables = tmp_path / "a home" / "tables"
    tables.mkdir(parents=True)
    money = {"margin": 400.0, "presentation_cost": 3.0, "lapse_cost": 100.0, "maturity_days": 90}
    plain = {"product": "life", "licence": "life", "eligible_stages": "lead", **money}
    rows = [
        {"partner": partner, "offer_id": offer, "name": offer.replace("_", " "), **plain}
        for partner in ("main", "north")
        for offer in ("term_life", "home_plus")
    ]
    pq.write_table(pa.Table.from_pylist(rows), tables / "offers.parquet")
    return tables.parent


def offers(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "offers", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def listed(home: Path) -> dict[str, Any]:
    said = json.loads(offers(home, "list", "--json").stdout)
    return {row["offer_id"]: row for row in said["offers"]}


def test_an_offer_is_paused_with_a_reason_and_listed_so(home: Path) -> None:
    assert {row["state"] for row in listed(home).values()} == {"approved"}
    done = offers(home, "pause", "term_life", "--why", "[out] of stock", "--by", "ann")
    assert done.returncode == DONE, done.stderr
    assert "term_life is paused, was approved" in done.stdout
    row = listed(home)["term_life"]
    assert (row["state"], row["by"], row["why"]) == ("paused", "ann", "[out] of stock")
    assert "[out] of stock" in offers(home, "list").stdout


def test_a_step_that_cannot_be_is_refused_and_says_what_can(home: Path) -> None:
    offers(home, "end", "term_life", "--why", "no longer sold")
    refused = offers(home, "pause", "term_life", "--why", "out of stock")
    assert refused.returncode == REFUSED
    assert "only become approved" in refused.stderr


def test_a_reason_and_a_known_offer_are_needed(home: Path) -> None:
    assert offers(home, "pause", "term_life").returncode == USAGE
    empty = offers(home, "pause", "term_life", "--why", " ")
    assert (empty.returncode, "A reason is missing" in empty.stderr) == (FAILED, True)
    unknown = offers(home, "pause", "term_live", "--why", "out of stock")
    assert unknown.returncode == FAILED
    assert "Was 'term_life' meant?" in unknown.stderr


def test_an_edited_file_of_changes_is_named(home: Path) -> None:
    offers(home, "pause", "term_life", "--why", "out of stock")
    path = home / "offers" / "states.jsonl"
    path.write_text(path.read_text().replace('"before": "0', '"before": "1'))
    refused = offers(home, "list")
    assert refused.returncode == FAILED
    assert "Line 1 of" in refused.stderr
    assert "states.jsonl" in refused.stderr
