"""Score and form strategies for many customers: rate, peak memory and file size for each count.

The customers of a real home are repeated under new ids, names and numbers; each count runs in a
process of its own, and its peak resident memory is that process's. Memory must not grow
with the number of customers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

COUNTS = (250_000, 1_000_000)
GROWTH_AT_MOST = 1.25  # peak memory at the last count, against the first
OUT = Path("benchmarks/out/strategies_at_scale.json")
_MEGABYTE = 1 << 20

_POPULATION = """
COPY (
  SELECT p.customer_id || '-' || r.turn AS customer_id, p.* EXCLUDE (customer_id)
  FROM range({turns}) AS r(turn), read_parquet('{source}') AS p
) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 50000)
"""
_CUSTOMERS = """
COPY (
  SELECT customer_id || '-' || turn AS customer_id, name || ' ' || turn AS name,
         '+1' || lpad(((hash(phone, turn) % 8000000000) + 2000000000)::VARCHAR, 10, '0') AS phone,
         customers.* EXCLUDE (customer_id, name, phone)
  FROM range({turns}) AS r(turn), customers
) TO '{target}' (FORMAT parquet)
"""


@dataclass(frozen=True)
class Run:
    """One count, formed and published."""

    customers: int
    seconds: float
    customers_a_second: float
    cpu_seconds: float
    peak_megabytes: float
    file_megabytes: float
    keys: int


def repeat(home: Path, tables: Path, count: int, into: Path) -> None:
    """Write a population of `count` customers, in whole turns of the home's, and its tables."""
    import duckdb

    from features.source import open_source

    source = home / "features" / "population.parquet"
    (into / "home" / "features").mkdir(parents=True)
    (into / "tables").mkdir()
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        open_source(tables).attach(connection)
        (have,) = connection.execute(
            "SELECT count(*) FROM read_parquet(?)", [str(source)]
        ).fetchall()[0]
        turns = -(-count // have)
        target = into / "home" / "features" / "population.parquet"
        connection.execute(_POPULATION.format(source=source, target=target, turns=turns))
        customers = into / "tables" / "customers.parquet"
        connection.execute(_CUSTOMERS.format(turns=turns, target=customers))
        for table in ("offers", "agents"):
            file = into / "tables" / f"{table}.parquet"
            connection.execute(f"COPY {table} TO '{file}' (FORMAT parquet)")


def measure(into: Path, model_set: Path, results: Any) -> None:
    """Form the strategies of what `repeat` wrote; runs in a process of its own."""
    import pyarrow.parquet as pq

    from pipelines.strategise import form_strategies

    home = into / "home"
    first = next(pq.ParquetFile(home / "features" / "population.parquet").iter_batches(1))
    started = time.perf_counter()
    published = form_strategies(
        home,
        tables=into / "tables",
        model_set_folder=model_set,
        as_of=first.column("as_of")[0].as_py(),
        formed_at=datetime.now(UTC),
        valid_for=timedelta(days=7),
    )
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    results.put(
        Run(
            customers=published.customers,
            seconds=round(seconds, 1),
            customers_a_second=round(published.customers / seconds),
            cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
            peak_megabytes=round(peak_megabytes()),
            file_megabytes=round(published.bytes / _MEGABYTE),
            keys=published.keys,
        )
    )


def peak_megabytes() -> float:
    """Return the peak resident memory of this process.

    Linux's VmHWM where it is: elsewhere ru_maxrss, which starts with the peak of the process that
    made this one. That is why `repeat` runs in a process of its own too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MEGABYTE


def apart(target: Any, *arguments: Any) -> None:
    """Run a function in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"{target.__name__} ended with {process.exitcode}.")


def run_one(home: Path, tables: Path, model_set: Path, *, count: int) -> Run:
    """Return the figures of one count."""
    with tempfile.TemporaryDirectory(prefix="strategies-at-scale-") as folder:
        into = Path(folder)
        apart(repeat, home, tables, count, into)
        results = multiprocessing.get_context("spawn").Queue()
        apart(measure, into, model_set, results)
        found: Run = results.get(timeout=10)
        return found


def promoted(home: Path) -> Path:
    """Return the folder of the promoted model set."""
    from models import registry

    folder = registry.current(home)
    if folder is None:
        raise SystemExit(f"No model set is promoted in {home}. Run `callworth demo` first.")
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("callworth-home"))
    parser.add_argument("--tables", type=Path, help="default: HOME/tables")
    parser.add_argument("--model-set", type=Path, help="default: the promoted one")
    parser.add_argument("--customers", type=int, nargs="+", default=list(COUNTS))
    given = parser.parse_args()
    model_set = given.model_set or promoted(given.home)
    tables = given.tables or given.home / "tables"
    runs = []
    print("customers      seconds   a second   CPU s   peak MB   file MB")
    for count in given.customers:
        one = run_one(given.home, tables, model_set, count=count)
        runs.append(one)
        print(
            f"{one.customers:9,}   {one.seconds:10.1f} {one.customers_a_second:10,}"
            f" {one.cpu_seconds:7.1f} {one.peak_megabytes:9,.0f} {one.file_megabytes:9,.0f}",
            flush=True,
        )
    growth = runs[-1].peak_megabytes / runs[0].peak_megabytes
    print(f"peak memory of the last against the first: {growth:.2f} (at most {GROWTH_AT_MOST})")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": platform.platform(), "growth": growth, "runs": [asdict(r) for r in runs]}
    OUT.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if growth <= GROWTH_AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
