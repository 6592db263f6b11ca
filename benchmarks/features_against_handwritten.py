"""Features for 100,000 as-of rows against a hand-written DuckDB query for the same columns.

Bar: at most 1.5 times. Both start from the raw tables and end in one Parquet file, in turns, in
one process: `python -m benchmarks.features_against_handwritten --home callworth-home`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.catalogue import FEATURES, VIEWS
from features.engine import Limits, ParquetSink, open_session
from features.point_in_time import compute_view, joined_sql, open_round, rounds_of
from features.source import open_source

BAR = 1.5
HANDWRITTEN = Path(__file__).with_name("features_handwritten.sql")
COLUMNS = ("customer_id", "as_of", "stage.stage")
Run = Callable[[duckdb.DuckDBPyConnection, Path], None]


def ours(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    sql = joined_sql(COLUMNS, order="s.as_of")
    with ParquetSink(target) as sink:
        for part in rounds_of(connection, points=Limits().points_per_round):
            points = open_round(connection, part)
            for view in VIEWS:
                compute_view(connection, view, points=points)
            sink.append(connection, sql=sql)


def handwritten(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    text = HANDWRITTEN.read_text(encoding="utf-8").replace("$target", str(target))
    connection.execute(text)


def spine_of(tables: Path, *, rows: int, seed: int) -> pa.Table:
    """Draw distinct (customer_id, as_of) over the last year of the data."""
    rng = np.random.default_rng(seed)
    until = datetime.fromisoformat(json.loads((tables / "world.json").read_text())["until"])
    connection = duckdb.connect()
    open_source(tables).attach(connection)
    known = connection.sql("SELECT customer_id FROM customers ORDER BY ALL").fetchnumpy()
    drawn = rng.choice(np.asarray(known["customer_id"], dtype=object), size=rows)
    seconds = rng.choice(365 * 86_400, size=rows, replace=False)
    as_of = np.datetime64(until.replace(tzinfo=None), "us") - seconds.astype("timedelta64[s]")
    zoned = pa.array(as_of).cast(pa.timestamp("us", tz="UTC"))
    return pa.table({"customer_id": pa.array(drawn, pa.string()), "as_of": zoned})


def measured(run: Run, tables: Path, spine: pa.Table, folder: Path) -> tuple[float, float, Path]:
    """Return wall seconds, CPU seconds and the file; the session's start does not count."""
    target = folder / f"{run.__name__}.parquet"
    with open_session(open_source(tables), spill=folder, limits=Limits()) as connection:
        connection.register("given", spine)
        connection.execute("CREATE TEMP TABLE spine AS FROM given")
        began, cpu = time.perf_counter(), time.process_time()
        run(connection, target)
        return time.perf_counter() - began, time.process_time() - cpu, target


def differences(one: Path, other: Path) -> list[str]:
    """Return the columns whose values differ by more than the last digits of a float."""
    left, right = (pq.read_table(path) for path in (one, other))
    found = []
    for name in ("customer_id", "as_of", "stage", *(feature.name for feature in FEATURES)):
        a, b = left[name].to_pandas(), right[name].to_pandas()
        if pa.types.is_floating(left[name].type):
            same = bool(np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))
        else:
            same = a.equals(b.astype(a.dtype))
        if not same:
            found.append(f"{name} ({int((a != b).sum())})")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("callworth-home"))
    parser.add_argument("--tables", type=Path, help="default: HOME/tables")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    tables = given.tables or given.home / "tables"
    spine = spine_of(tables, rows=given.rows, seed=1)
    runs: tuple[Run, Run] = (ours, handwritten)
    taken: dict[str, list[tuple[float, float]]] = {run.__name__: [] for run in runs}
    with tempfile.TemporaryDirectory() as folder:
        files = [measured(run, tables, spine, Path(folder))[2] for run in runs]  # warms the cache
        different = differences(*files)
        for number in range(given.rounds):
            for run in runs if number % 2 else reversed(runs):
                wall, cpu, _ = measured(run, tables, spine, Path(folder))
                taken[run.__name__].append((wall, cpu))
    print(f"{given.rows:,} as-of rows x {len(FEATURES)} features, {given.rounds} rounds in turns")
    medians = {}
    for name, pairs in taken.items():
        medians[name] = tuple(statistics.median(values) for values in zip(*pairs, strict=True))
        walls = [wall for wall, _ in pairs]
        print(
            f"{name:12} median {medians[name][0]:5.2f} s ({min(walls):.2f} to {max(walls):.2f}), "
            f"{medians[name][1]:5.2f} CPU seconds"
        )
    wall, cpu = (a / b for a, b in zip(medians["ours"], medians["handwritten"], strict=True))
    verdict = "holds" if wall <= BAR else "does not hold"
    print(f"ratio        {wall:.2f} by the clock, {cpu:.2f} by CPU; the bar of {BAR} {verdict}")
    print(f"differences  {', '.join(different) or 'none'}")
    if different or wall > BAR:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
