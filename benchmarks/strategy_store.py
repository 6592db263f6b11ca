"""The strategy file as it grows: size on disk, time of a look-up, memory of a reader.

    python -m benchmarks.strategy_store [--customers 100000 1000000 10000000] [--folder /tmp]

Made-up customers, each with a strategy of five offers, the ready answer, the 109 values behind it,
a phone number, a name, a street and a postcode, are written in batches with StrategyWriter; then a
process of its own opens the set and looks up customers drawn at random: by id, by phone and by name
and postcode, first with the file's pages dropped from the system's cache, then with them there.
Each count is written by a process of its own too. Growth is flat when bytes a strategy, the memory
of reader and writer, and the look-ups stay as they were; 10,000,000 take about half an hour and
some 30 GB of disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COUNTS = (100_000, 1_000_000, 10_000_000)
BATCH, LOOKED_UP = 5_000, 4_000
MOST_BYTES_GROWTH, MOST_MEMORY_GROWTH, MOST_TIME_GROWTH = 1.1, 1.25, 2.0


@dataclass(frozen=True)
class Written:
    """One set on disk."""

    seconds: float
    bytes_each: float
    peak_megabytes: float


@dataclass(frozen=True)
class Read:
    """Look-ups of one kind, microseconds."""

    kind: str
    p50: float
    p99: float
    cold_p50: float
    cold_p99: float


def write(folder: Path, count: int, results: Any) -> None:
    """Write and publish a set of `count` customers; runs in a process of its own."""
    import numpy as np

    from benchmarks.load.memory import peak
    from benchmarks.load.population import FEATURE_NAMES, FORMED_AT, PARTNER, entries, vectors
    from routing.defaults import standard_defaults
    from routing.strategy_writer import StrategyWriter

    draw = np.random.default_rng(1)
    started = time.perf_counter()
    with StrategyWriter(
        folder,
        model_set="17",
        formed_at=FORMED_AT,
        defaults=[standard_defaults(PARTNER)],
        features=FEATURE_NAMES,
    ) as writer:
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            made = entries(iter(numbers), draw, batch=BATCH)
            writer.add(made, vectors=vectors(len(numbers), draw))
        published = writer.publish()
    seconds = time.perf_counter() - started
    results.put(Written(seconds, published.bytes / count, peak()))


def look_up(folder: Path, count: int, results: Any) -> None:
    """Open the set and time look-ups; runs in a process of its own."""
    from benchmarks.load.memory import weigh
    from benchmarks.load.population import PARTNER, details_of, id_of
    from routing.strategy_reader import StrategyReader

    numbers = random.Random(2).sample(range(count), LOOKED_UP)
    found = StrategyReader(folder).snapshot()
    assert found is not None
    before = weigh(os.getpid())

    def by_answers(number: int) -> object:
        known = details_of(number)
        return found.by_answers(PARTNER, name=known.name, postcode=known.postcode)

    kinds: dict[str, Callable[[int], object]] = {
        "ready answer by id": lambda number: found.ready_by_customer(id_of(number)),
        "ready answer by phone": lambda number: found.ready_by_phone(details_of(number).phones[0]),
        "strategy by id": lambda number: found.by_customer(PARTNER, id_of(number)),
        "strategy by phone": lambda number: found.by_phone(PARTNER, details_of(number).phones[0]),
        "strategy by two answers": by_answers,
        "the values behind it": lambda number: found.vector_of(PARTNER, id_of(number)),
    }
    read = [timed(kind, find, numbers, found.path) for kind, find in kinds.items()]
    after = weigh(os.getpid())
    results.put((read, after.anonymous - before.anonymous, after.resident))


def timed(kind: str, find: Callable[[int], object], numbers: list[int], path: Path) -> Read:
    """Return the figures of one kind of look-up; every customer must be found."""
    drop_pages(path)
    cold = [microseconds(find, number) for number in numbers]
    warm = [microseconds(find, number) for number in numbers]
    return Read(kind, at(warm, 0.5), at(warm, 0.99), at(cold, 0.5), at(cold, 0.99))


def microseconds(find: Callable[[int], object], number: int) -> float:
    """Return how long one look-up took."""
    started = time.perf_counter_ns()
    answer = find(number)
    took = (time.perf_counter_ns() - started) / 1e3
    if not answer:
        raise SystemExit(f"Customer {number} was not found.")
    return took


def at(values: list[float], share: float) -> float:
    """Return the value that this share does not exceed."""
    return sorted(values)[int(share * (len(values) - 1))]


def drop_pages(path: Path) -> None:
    """Ask the system to forget the file's pages, where it can."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def apart(target: Callable[..., None], *arguments: object) -> Any:
    """Run a function in a process of its own and return what it put into its results."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=target, args=(*arguments, results))
    process.start()
    while process.is_alive() and results.empty():
        time.sleep(0.1)
    found = results.get(timeout=5)
    process.join()
    return found


def measure(folder: Path, count: int) -> dict[str, float]:
    """Write one count, read it, print the figures; return those that must not grow."""
    try:
        written: Written = apart(write, folder, count)
        read, grown, resident = apart(look_up, folder, count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{count:,} customers: {written.seconds:,.0f} s to write and verify "
          f"({count / written.seconds:,.0f} a second, peak {written.peak_megabytes:,.0f} MB); "
          f"{written.bytes_each:,.0f} bytes each, {written.bytes_each * count / 1e9:.2f} GB\n"
          f"reader: {resident:.0f} MB resident, {grown:.1f} MB more of its own after "
          f"{LOOKED_UP * 2:,} look-ups of each kind")  # fmt: skip
    print(f"{'microseconds':28}{'p50':>8}{'p99':>8}{'cold p50':>11}{'cold p99':>11}")
    for one in read:
        print(f"{one.kind:28}{one.p50:8.1f}{one.p99:8.1f}{one.cold_p50:11.1f}{one.cold_p99:11.1f}",
              flush=True)  # fmt: skip
    return {
        "bytes a strategy": written.bytes_each,
        "memory of the writer": written.peak_megabytes,
        "memory of a reader": resident,
        **{one.kind: one.p50 for one in read},
    }


def flat(first: dict[str, float], last: dict[str, float]) -> bool:
    """Print how much each figure grew; True when all stayed within their bounds."""
    bounds = {"bytes a strategy": MOST_BYTES_GROWTH}
    bounds |= dict.fromkeys(("memory of the writer", "memory of a reader"), MOST_MEMORY_GROWTH)
    print("\nthe last count against the first:")
    held = True
    for name, value in last.items():
        growth, most = value / first[name], bounds.get(name, MOST_TIME_GROWTH)
        held &= growth <= most
        print(f"  {name:28}{growth:6.2f} times (at most {most:g})"
              f"{'' if growth <= most else ': does NOT hold'}")  # fmt: skip
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--folder", type=Path, help="where to write the sets; they are removed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strategy-store-", dir=given.folder) as scratch:
        figures = [measure(Path(scratch, str(count)), count) for count in given.customers]
    return 0 if flat(figures[0], figures[-1]) else 1


if __name__ == "__main__":
    sys.exit(main())
