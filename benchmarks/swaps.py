"""A hundred swaps of strategy set and model set under load: what fails, mixes or steps back.

    python -m benchmarks.swaps [--home HOME] [--swaps 100] [--rate 1000] [--every 1.5]

The strategies of HOME are formed twice, by two copies of its model set with versions 1 and 2;
`swaps` times the pointers to both are replaced in turn, each in one step, while decisions are asked
for at a steady rate (an open loop: see steady_latency), one in ten with a feature of its own, so
that the model set scores it now. Without --home made-up strategies are swapped alone. Counted are
answers that failed; that name a model set which their strategies were not formed by, or, when
scored now, none of the two; and that come from a set older than the answer before on the same
connection. The same load before and after without swaps is the measure: p99 during swaps may be
three times as long.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from benchmarks.load.contacts import calls, known_callers, made_up_callers, publish_made_up
from benchmarks.load.service import Service, serving
from benchmarks.load.steady import Answer, quantile, steady
from routing.strategy_pointer import point_at

VERSIONS = ("1", "2")
CUSTOMERS, SCORED_NOW_EACH = 10_000, 10
MOST_SLOWER = 3.0
QUIET_SECONDS, WARM_SECONDS = 20.0, 3.0
_FEATURE = "enquiries_last_7_days"


@dataclass(frozen=True)
class Prepared:
    """A home with two sets of each: `labels` and `versions` in order; `versions` may be one."""

    home: Path
    labels: tuple[str, ...]
    bodies: list[bytes]
    models: bool

    def swap(self, turn: int) -> None:
        """Put the sets of that turn in force."""
        at = turn % 2
        if self.models:
            _point_at_models(self.home / "models", VERSIONS[at])
        point_at(self.home / "strategies", self.labels[at], previous=None)


def made_up(scratch: Path) -> Prepared:
    """Return a home with two sets of made-up strategies, and no models."""
    print("no --home: made-up strategies are swapped, without models")
    for version in VERSIONS:
        publish_made_up(scratch, customers=CUSTOMERS, model_set=version)
    bodies = calls(made_up_callers(CUSTOMERS), count=CUSTOMERS)
    return Prepared(scratch, _labels(scratch), bodies, models=False)


def formed(home: Path, scratch: Path) -> Prepared:
    """Return a home whose strategies were formed by each of two copies of a home's model set."""
    import pyarrow.parquet as pq

    from models.model_set import stamp
    from pipelines.strategise import form_strategies

    (scratch / "features").symlink_to((home / "features").resolve())
    first = next(pq.ParquetFile(home / "features" / "population.parquet").iter_batches(1))
    in_force = json.loads((home / "models" / "current.json").read_text())["folder"]
    for version in VERSIONS:
        folder = scratch / "models" / version
        shutil.copytree(home / "models" / in_force, folder)
        stamp(folder, version=version)
        _point_at_models(scratch / "models", version)
        form_strategies(
            scratch,
            tables=home / "tables",
            model_set_folder=folder,
            as_of=first.column("as_of")[0].as_py(),
            formed_at=datetime.now(UTC),
            valid_for=timedelta(days=7),
        )
    bodies = calls(known_callers(home / "tables"), count=CUSTOMERS)
    for at in range(0, len(bodies), SCORED_NOW_EACH):
        bodies[at] = json.dumps({**json.loads(bodies[at]), "features": {_FEATURE: 2}}).encode()
    return Prepared(scratch, _labels(scratch), bodies, models=True)


def _labels(home: Path) -> tuple[str, ...]:
    from routing.strategy_pointer import labels

    return tuple(labels(home / "strategies"))


def _point_at_models(folder: Path, version: str) -> None:
    """Replace the pointer to the model set in one step, as a promotion does."""
    staged = folder / ".current.json.tmp"
    since = datetime.now(UTC).isoformat()
    staged.write_text(json.dumps({"version": version, "folder": version, "since": since}))
    staged.replace(folder / "current.json")


@dataclass
class Swapper:
    """Swaps at an even pace in a thread of its own; `times[turn]` is just before that swap."""

    prepared: Prepared
    every_seconds: float
    times: list[float] = field(default_factory=lambda: [0.0])

    @contextmanager
    def swapping(self, swaps: int) -> Iterator[None]:
        """Swap until it is done; the block is to take as long."""

        def work() -> None:
            for turn in range(1, swaps + 1):
                time.sleep(self.every_seconds)
                self.times.append(time.perf_counter())
                self.prepared.swap(turn)

        thread = threading.Thread(target=work)
        thread.start()
        yield
        thread.join()

    def turn_of(self, which: int, *, until: float) -> int:
        """Return the last turn before an instant in which the sets number `which` were put in
        force, or -1.
        """
        turn = bisect_right(self.times, until) - 1
        return turn if turn % 2 == which else turn - 1


@dataclass
class Judged:
    """What was found in the answers."""

    sources: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    mixed: int = 0
    back: int = 0

    def judge(self, answers: list[Answer], prepared: Prepared, swapper: Swapper) -> None:
        """Count what the answers of one phase, in the order in which they came, rest on."""
        latest: dict[tuple[int, str], int] = {}
        for one in answers:
            if one.status != 200:
                continue
            said = json.loads(one.body)
            source, label, version = said["source"], said["strategy_set"], said["model_set"]
            self.sources[source] += 1
            self.pairs[f"{label} with model set {version}, {source}"] += 1
            if version is None:  # a default: the caller, whom both sets know, was not looked up
                self.strangers += 1
                continue
            if label not in prepared.labels or version not in VERSIONS:
                self.mixed += 1
                continue
            which, model = prepared.labels.index(label), VERSIONS.index(version)
            self.mixed += source != "live" and which != model
            seen = {"strategies": which} | ({"models": model} if source == "live" else {})
            for kind, found in seen.items():
                turn = swapper.turn_of(found, until=one.came)
                self.back += turn < latest.get((one.connection, kind), turn)
                latest[one.connection, kind] = turn


def phase(
    label: str, service: Service, prepared: Prepared, given: argparse.Namespace, *, seconds: float
) -> tuple[list[Answer], int]:
    """Ask for some time; return the answers, and how many contacts failed or got none."""
    found: list[Answer] = []
    sent = steady(
        service.port, prepared.bodies, a_second=given.rate, seconds=seconds, take=found.append
    )
    failed = sent - sum(one.status == 200 for one in found)
    late = [one.milliseconds for one in found]
    others = Counter(one.status for one in found if one.status != 200)
    print(f"{label:24}{sent:9,}{failed:8,}{quantile(late, 0.5):9.2f}{quantile(late, 0.99):9.2f}"
          f"{quantile(late, 0.999):9.2f}{max(late):10.1f}", flush=True)  # fmt: skip
    if failed:
        print(f"  statuses {dict(others)}, {sent - len(found):,} without an answer")
    return found, failed


def measure(prepared: Prepared, given: argparse.Namespace) -> bool:
    """Load, swap, judge, print; True when the bar holds."""
    swapper, judged = Swapper(prepared, given.every), Judged()
    prepared.swap(0)
    with serving(prepared.home, workers=given.workers) as service:
        print(
            f"{'':24}{'asked':>9}{'failed':>8}{'p50 ms':>9}{'p99 ms':>9}{'p99.9':>9}{'longest':>10}"
        )
        phase("warming", service, prepared, given, seconds=WARM_SECONDS)
        before, failed = phase("no swap", service, prepared, given, seconds=QUIET_SECONDS)
        with swapper.swapping(given.swaps):
            during, lost = phase(
                f"{given.swaps} swaps", service, prepared, given,
                seconds=given.every * (given.swaps + 1),
            )  # fmt: skip
        after, late = phase("no swap again", service, prepared, given, seconds=QUIET_SECONDS)
    judged.judge([*before, *during, *after], prepared, swapper)
    failed += lost + late
    quiet = quantile([one.milliseconds for one in (*before, *after)], 0.99)
    slower = quantile([one.milliseconds for one in during], 0.99) / quiet
    for pair, count in sorted(judged.pairs.items()):
        print(f"  {pair}: {count:,}")
    changes = _changes(during)
    wrong = failed + judged.strangers + judged.mixed + judged.back
    holds = wrong == 0 and slower <= MOST_SLOWER
    holds &= changes >= given.swaps * 0.9  # else it was not the swaps that were measured
    print(f"bar: {failed} failed, {judged.strangers} by default, {judged.mixed} mixed, "
          f"{judged.back} steps back, {changes} of {given.swaps} swaps seen; "
          f"p99 {slower:.2f} times that without (at most {MOST_SLOWER:g}): "
          f"{'holds' if holds else 'does NOT hold'}")  # fmt: skip
    return holds


def _changes(answers: list[Answer]) -> int:
    """Return how often the set in force changed, as one worker's answers tell."""
    labels = [json.loads(one.body)["strategy_set"] for one in answers if one.status == 200]
    return sum(a != b for a, b in pairwise(labels))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with a live model set and its tables")
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--every", type=float, default=1.5, help="seconds from swap to swap")
    parser.add_argument("--rate", type=float, default=1_000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="swaps-") as folder:
        scratch = Path(folder)
        prepared = formed(given.home, scratch) if given.home else made_up(scratch)
        return 0 if measure(prepared, given) else 1


if __name__ == "__main__":
    sys.exit(main())
