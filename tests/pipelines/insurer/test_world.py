from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.insurer import generate
from pipelines.insurer.errors import InsurerError

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def _contents(root: Path) -> dict[str, bytes]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_world(tmp_path: Path) -> None:
    first = generate(tmp_path / "first", customers=400, until=UNTIL, seed=3)
    second = generate(tmp_path / "second", customers=400, until=UNTIL, seed=3)
    assert _contents(first) == _contents(second)


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    first = _contents(generate(tmp_path / "first", customers=200, until=UNTIL, seed=3))
    second = _contents(generate(tmp_path / "second", customers=200, until=UNTIL, seed=4))
    name = "activity_events/partner=main/part-00000.parquet"
    assert first[name] != second[name]


def test_a_world_replaces_the_one_that_stood_there(tmp_path: Path) -> None:
    root = generate(tmp_path / "world", customers=200, until=UNTIL)
    (root / "stray.txt").write_text("left over")
    generate(root, customers=100, partners=1, until=UNTIL)
    assert not (root / "stray.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(_count: int) -> None:
        raise StoppedError

    @contextmanager
    def track(_doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        yield stop

    with pytest.raises(StoppedError):
        generate(tmp_path / "world", customers=100, until=UNTIL, track=track)
    assert list(tmp_path.iterdir()) == []


def test_the_description_says_where_the_data_end(world: Path) -> None:
    facts = json.loads((world / "world.json").read_text())
    assert facts["customers"] == 3_000
    assert facts["until"] == "2026-11-01T00:00:00Z"
    assert facts["partners"] == ["main", "harbor"]


def test_each_partner_has_its_own_files(world: Path) -> None:
    for folder in (world / "customers").iterdir():
        partner = folder.name.removeprefix("partner=")
        rows = pq.ParquetFile(folder / "part-00000.parquet").read()
        assert set(rows["partner"].to_pylist()) == {partner}


def test_progress_counts_every_customer(tmp_path: Path) -> None:
    counted: list[int] = []

    @contextmanager
    def track(_doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        yield counted.append

    generate(tmp_path / "world", customers=300, until=UNTIL, track=track)
    assert sum(counted) == 300


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"customers": 0}, "0 customers"),
        ({"customers": 10, "partners": 9}, "9 partners"),
        ({"customers": 10, "months": 2}, "2 months"),
        ({"customers": 10, "until": datetime(2026, 11, 1)}, "no time zone"),
    ],
)
def test_an_impossible_world_is_refused_by_name(
    tmp_path: Path, given: dict[str, object], named: str
) -> None:
    with pytest.raises(InsurerError, match=named):
        generate(tmp_path / "world", **{"until": UNTIL, **given})  # type: ignore[arg-type]
