"""The ledger grows and never changes: an edit, a gap or a swap is found and its line named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.promotion import ledger
from models.promotion.ledger import Action, Entry, LedgerAlteredError


def entry(new: str, *, old: str | None = None) -> Entry:
    return Entry("2026-03-02T00:00:00+00:00", Action.PROMOTE, old, new, "ann", "fresher")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for place in (1, 2, 3):
        ledger.record(tmp_path, entry(str(place), old=str(place - 1) if place > 1 else None))
    return tmp_path


def lines(home: Path) -> list[str]:
    return (home / "models" / "ledger.jsonl").read_text().splitlines()


def test_what_was_recorded_is_read_in_order(written: Path) -> None:
    assert [each.new for each in ledger.entries(written)] == ["1", "2", "3"]


def edited(found: list[str]) -> list[str]:
    return [found[0], found[1].replace("ann", "bob"), found[2]]


def taken_out(found: list[str]) -> list[str]:
    return [found[0], found[2]]


def swapped(found: list[str]) -> list[str]:
    return [found[1], found[0], found[2]]


def first_taken_out(found: list[str]) -> list[str]:
    return found[1:]


def chain_removed(found: list[str]) -> list[str]:
    value = json.loads(found[2])
    del value["before"]
    return [*found[:2], json.dumps({**value, "by": "bob"})]


@pytest.mark.parametrize("alter", [edited, taken_out, swapped, first_taken_out, chain_removed])
def test_an_altered_ledger_is_refused(
    written: Path, alter: Callable[[list[str]], list[str]]
) -> None:
    (written / "models" / "ledger.jsonl").write_text("\n".join(alter(lines(written))) + "\n")
    with pytest.raises(LedgerAlteredError, match=r"Line \d of .*ledger.jsonl does not follow"):
        ledger.entries(written)


def test_a_line_that_a_power_cut_broke_off_counts_for_nothing(written: Path) -> None:
    path = written / "models" / "ledger.jsonl"
    path.write_text(path.read_text() + '{"when": "2026-03-')
    ledger.record(written, entry("4", old="3"))
    assert [each.new for each in ledger.entries(written)] == ["1", "2", "3", "4"]


def test_a_ledger_of_an_earlier_version_goes_on_with_a_chain(tmp_path: Path) -> None:
    path = tmp_path / "models" / "ledger.jsonl"
    path.parent.mkdir()
    old = {
        "when": "2025-12-01T00:00:00+00:00",
        "action": "promote",
        "old": None,
        "new": "1",
        "by": "ann",
        "why": "first",
        "failing": [],
    }
    path.write_text(json.dumps(old) + "\n")
    ledger.record(tmp_path, entry("2", old="1"))
    assert [each.new for each in ledger.entries(tmp_path)] == ["1", "2"]
    path.write_text(path.read_text().replace("first", "other"))
    with pytest.raises(LedgerAlteredError):
        ledger.entries(tmp_path)
