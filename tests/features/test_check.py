"""Every rule finds its fault, and good rows and bad rows are all rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from features.check import check


def faults(quarantine: Path, table: str) -> list[dict[str, str]]:
    file = quarantine / f"{table}.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_an_insurer_without_faults_passes(write, insurer, tmp_path):
    report = check(write(insurer), quarantine=tmp_path / "quarantine")
    assert [(t.table, t.bad_rows, t.faults) for t in report.tables if t.bad_rows] == []
    assert report.exit_code == 0
    assert report.rows == sum(len(rows) for rows in insurer.rows.values())
