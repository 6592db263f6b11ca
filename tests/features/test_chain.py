"""A chained file grows and never changes: an edit, a gap, a swap or rubbish is found and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from features import chain
from features.chain import ChainBrokenError


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "book" / "lines.jsonl"
    for number in range(3):
        chain.append(path, {"number": number, "said": "a line of text"})
    return path


def test_what_was_added_is_read_in_order(written: Path) -> None:
    assert [entry["number"] for entry in chain.entries(written)] == [0, 1, 2]


def test_a_file_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert chain.entries(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("alter", "place"),
    [
        (lambda a, b, c: [a, b.replace("1", "7", 1), c], 3),
        (lambda a, _, c: [a, c], 2),
        (lambda a, b, c: [b, a, c], 1),
        (lambda _, b, c: [b, c], 1),
        (lambda a, b, c: [a, "rubbish", b, c], 2),
        (lambda a, b, c: [a, b, c, "rubbish"], 4),
        (lambda a, b, c: [a, b, c, "[1]"], 4),
    ],
)
def test_an_altered_line_is_named(
    written: Path, alter: Callable[..., list[str]], place: int
) -> None:
    written.write_text("\n".join(alter(*written.read_text().splitlines()[:3])) + "\n")
    with pytest.raises(ChainBrokenError, match=rf"Line {place} of .*lines\.jsonl does not follow"):
        chain.entries(written)


def test_rubbish_of_bytes_is_named_and_no_crash(written: Path) -> None:
    written.write_bytes(b"\xff\xfe\x00\n" * 3)
    with pytest.raises(ChainBrokenError, match="Line 1"):
        chain.entries(written)


@pytest.mark.parametrize("tail", ["{", '{"number": 3', '{"number": 3, "before": "0'])
def test_a_line_that_a_power_cut_broke_off_is_taken_away(written: Path, tail: str) -> None:
    written.write_text(written.read_text() + tail)
    assert len(chain.entries(written)) == 3
    chain.append(written, {"number": 3})
    assert [entry["number"] for entry in chain.entries(written)] == [0, 1, 2, 3]


def test_a_whole_line_without_its_end_is_kept(written: Path) -> None:
    written.write_text(written.read_text().rstrip("\n"))
    chain.append(written, {"number": 3})
    assert [entry["number"] for entry in chain.entries(written)] == [0, 1, 2, 3]
