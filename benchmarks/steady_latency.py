"""Latency at a steady rate: 1,000 decisions a second, as callers come in, seen from both sides.

    python -m benchmarks.steady_latency [--home HOME] [--rate 1000] [--seconds 30] [--even]

An open loop: each request leaves when it is due, and its latency runs from that instant, so that a
stall counts against all that it held up. The server's own time is what the decision log holds
(microseconds from the request's first byte to its answer), and the share under one millisecond is
read from /metrics too. The client shares the machine with the server, so that its figures hold
what both do. The bar is on the server's p99: under one millisecond.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.load.contacts import home_with_calls
from benchmarks.load.processor import processor_seconds
from benchmarks.load.service import Service, own_home, serving
from benchmarks.load.steady import Answer, quantile, steady

BAR_MILLISECONDS = 1.0
WARM_SECONDS = 3.0
CUSTOMERS = 20_000
_HISTOGRAM = "callworth_decision_seconds"
_SHARES = (0.5, 0.9, 0.99, 0.999)


def logged_milliseconds(home: Path, *, after: int) -> list[float]:
    """Return the server's own times of the decisions in the log but for the first `after`."""
    with sqlite3.connect(home / "log" / "decisions.sqlite") as connection:
        rows = connection.execute(
            "SELECT microseconds FROM decisions ORDER BY decided_at LIMIT -1 OFFSET ?", (after,)
        ).fetchall()
    return [row[0] / 1e3 for row in rows]


def under_a_millisecond(before: dict[str, float], after: dict[str, float]) -> float:
    """Return the share of decisions between two readings of /metrics that took under 1 ms."""

    def counted(start: str, within: str = "") -> float:
        names = [name for name in after if name.startswith(start) and within in name]
        return sum(after[name] - before.get(name, 0.0) for name in names)

    total = counted(f"{_HISTOGRAM}_count")
    return counted(f"{_HISTOGRAM}_bucket", 'le="0.001"') / total if total else float("nan")


def row(label: str, values: list[float]) -> str:
    """Return the quantiles of some milliseconds as a line."""
    at = "".join(f"{quantile(values, share):9.3f}" for share in _SHARES)
    return f"{label:32}{at}{max(values, default=float('nan')):9.1f}"


def ask(service: Service, bodies: list[bytes], given: argparse.Namespace) -> bool:
    """Load the server and print what both sides saw; True when the bar holds."""
    answers: list[Answer] = []
    warm = steady(service.port, bodies, a_second=given.rate, seconds=WARM_SECONDS, take=_nothing)
    before, used = service.metrics(), processor_seconds(service.process.pid)
    sent = steady(
        service.port, bodies,
        a_second=given.rate, seconds=given.seconds, even=given.even, take=answers.append,
    )  # fmt: skip
    after, used = service.metrics(), processor_seconds(service.process.pid) - used
    came = [one.milliseconds for one in answers if one.status == 200]
    statuses = dict(Counter(one.status for one in answers))
    print(f"{sent:,} requests, {sent / given.seconds:,.0f} a second, 64 connections; "
          f"statuses {statuses}; unanswered {sent - len(answers)}; "
          f"server {used / sent * 1e6:,.0f} CPU us a request")  # fmt: skip
    print(f"{'milliseconds':32}" + "".join(f"{f'p{share * 100:g}':>9}" for share in _SHARES)
          + f"{'longest':>9}")  # fmt: skip
    print(row("client, from when it was due", came))
    print(row("client, from when it was sent", [(a.came - a.sent) * 1e3 for a in answers]))
    service.process.terminate()  # in order: what waits is written to the log first
    service.process.wait()
    inside = logged_milliseconds(service.home, after=warm + 1)
    print(row("server, by the decision log", inside))
    print(f"server, by /metrics: {under_a_millisecond(before, after):.2%} under 1 ms")
    p99 = quantile(inside, 0.99)
    holds = p99 < BAR_MILLISECONDS and len(came) == sent == len(inside)
    print(f"bar: server p99 under {BAR_MILLISECONDS:g} ms, all answered and logged: {p99:.3f} ms, "
          f"{len(came):,} answered, {len(inside):,} logged of {sent:,}: "
          f"{'holds' if holds else 'does NOT hold'}")  # fmt: skip
    return holds


def _nothing(_answer: Answer) -> None:
    pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with strategies; else some are made up")
    parser.add_argument("--rate", type=float, default=1_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--even", action="store_true", help="evenly spaced, not as calls come in")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="steady-latency-") as folder:
        scratch = Path(folder)
        home, bodies = home_with_calls(
            given.home, scratch / "made_up", customers=CUSTOMERS, count=CUSTOMERS
        )
        with serving(own_home(home, scratch / "own")) as service:
            return 0 if ask(service, bodies, given) else 1


if __name__ == "__main__":
    sys.exit(main())
