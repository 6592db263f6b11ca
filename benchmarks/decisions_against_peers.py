"""The decision endpoint against what else could answer: the same machine, the same run, by wrk.

    python -m benchmarks.decisions_against_peers [--home HOME] [--peers FOLDER] [--seconds 8]

One worker each, one after the other, warmed first. Ours looks each caller up by another phone
number and writes its decision log. Beside it: a raw ASGI application on the same uvicorn that
reads a contact with msgspec and writes it back (it knows nothing: the floor); FastAPI with
pydantic models for the request and for the same answer; LitServe, KServe, MLServer and BentoML,
each scoring one row with an XGBoost model of the size of the demo's, at 16 and at 64 connections,
whichever suits it better; `mlflow models serve` with a signature, likewise. Each of these lives in
an environment of its own below FOLDER, made on the first run; one that cannot be had is told, and
the bar that needs it does not hold. Ours and the floor are measured in turn, because machines are
noisy: so the processor time of a request is printed too. Exits with 1 unless every bar holds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.contacts import home_with_calls
from benchmarks.load.processes import (
    LOOPBACK,
    DidNotStartError,
    answers,
    free_port,
    running,
)
from benchmarks.load.service import DECISIONS, own_home, serving
from benchmarks.load.wrk import HEADING, Load, demand_wrk, run_wrk
from benchmarks.serving_peers.environments import python_of, versions
from benchmarks.serving_peers.peers import MLFLOW, MODEL_SERVERS, Peer
from benchmarks.serving_peers.scorer_model import rows_to_score, write_model

CONNECTIONS = 64
FOR_MODEL_SERVERS = (16, 64)
CUSTOMERS, CALLS, ROWS = 20_000, 20_000, 200
WARM_SECONDS = 2.0
OURS, ECHO, PLAIN = "Callworth", "msgspec echo", "FastAPI + pydantic"
_UVICORN = ("--no-access-log", "--log-level", "warning", "--no-server-header", "--lifespan", "off",
            "--loop", "uvloop", "--http", "httptools")  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """Ours must reach `least` times the requests a second of a peer, with a lower p99."""

    least: float
    name: str
    against: tuple[str, ...]
    p99_below: bool = True


BARS = (
    # The floor does nothing at all, so its tail is not asked for.
    Bar(0.6, "of the raw ASGI echo", (ECHO,), p99_below=False),
    Bar(2.5, "times FastAPI + pydantic", (PLAIN,)),
    Bar(15, "times the best model server", tuple(peer.name for peer in MODEL_SERVERS)),
    Bar(150, "times mlflow models serve", (MLFLOW.name,)),
)


def measured(
    name: str, url: str, bodies: Sequence[bytes], *, connections: int, seconds: float, server: int
) -> Load:
    """Warm a server that runs, load it, print and return the figures."""
    run_wrk(url, bodies, connections=connections, seconds=WARM_SECONDS, server=server)
    found = run_wrk(url, bodies, connections=connections, seconds=seconds, server=server)
    print(f"{name:22}{found.line()}", flush=True)
    return found


def ours(home: Path, bodies: Sequence[bytes], scratch: Path, seconds: float) -> Load:
    """Return the figures of our server on `home`, its log in `scratch`."""
    with serving(own_home(home, scratch)) as service:
        answer = service.decision(bodies[0])
        if answer["source"] != "strategy":
            print(f"  note: callers are answered from '{answer['source']}': {answer['why']}")
        (scratch / "answer.json").write_text(json.dumps(answer))
        found = measured(
            OURS, service.url + DECISIONS, bodies,
            connections=CONNECTIONS, seconds=seconds, server=service.process.pid,
        )  # fmt: skip
        told = service.metrics()
    dropped = told.get("callworth_log_dropped", 0.0)
    print(f"{'':22}  answers of {len(json.dumps(answer)):,} bytes; decisions that the log "
          f"dropped: {dropped:,.0f}")  # fmt: skip
    return found


def plain(
    name: str, application: str, bodies: Sequence[bytes], scratch: Path, *, seconds: float
) -> Load:
    """Return the figures of one of our own small applications, on the same uvicorn."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}{DECISIONS}"
    command = [sys.executable, "-m", "uvicorn", application, "--host", LOOPBACK,
               "--port", str(port), *_UVICORN]  # fmt: skip
    with running(
        command,
        log=scratch / "plain.txt",
        ready=lambda: answers(url, bodies[0]),
        environment={"PLAIN_ANSWER": str(scratch / "answer.json")},
    ) as process:
        return measured(
            name, url, bodies, connections=CONNECTIONS, seconds=seconds, server=process.pid
        )


def scored(peer: Peer, folder: Path, model: Path, scratch: Path, seconds: float) -> list[Load]:
    """Return the figures of a model server at each number of connections.

    Raises DidNotStartError where it cannot be installed or started.
    """
    python = python_of(peer.name.lower(), packages=peer.packages, folder=folder)
    print(f"{'':22}  {versions(python, peer.packages)}")
    bodies = peer.bodies(rows_to_score(ROWS))
    start = peer.prepare(python, model, free_port(), scratch)
    with running(
        start.command,
        log=scratch / f"{peer.name}.txt",
        ready=lambda: answers(start.url, bodies[0]),
        environment={"OMP_NUM_THREADS": "1", **start.environment},  # one row: more is slower
    ) as process:
        return [
            measured(
                peer.name,
                start.url,
                bodies,
                connections=connections,
                seconds=seconds,
                server=process.pid,
            )
            for connections in FOR_MODEL_SERVERS
        ]


def middle(runs: Sequence[Load]) -> tuple[float, float]:
    """Return the median requests a second and the median p99."""
    return (
        statistics.median(run.a_second for run in runs),
        statistics.median(run.p99 for run in runs),
    )


def judge(found: dict[str, list[Load]]) -> bool:
    """Print each bar and whether it holds; True when all do."""
    rate, tail = middle(found[OURS])
    print(f"\n{OURS}: {rate:,.0f} a second, p99 {tail:.2f} ms (medians of its runs)")
    whole = all(run.refused + run.broken == 0 for run in found[OURS])
    if not whole:
        print("bar: every request of ours answered with 2xx: does NOT hold")
    for bar in BARS:
        lacking = [name for name in bar.against if name not in found]
        if lacking:
            print(f"bar: {bar.least:g} {bar.name}: NOT MEASURED, without {', '.join(lacking)}")
            whole = False
            continue
        best = max(bar.against, key=lambda name: middle(found[name])[0])
        theirs, their_tail = middle(found[best])
        ratio = rate / theirs
        holds = ratio >= bar.least and (tail < their_tail or not bar.p99_below)
        whole &= holds
        said = "holds" if holds else "does NOT hold"
        print(
            f"bar: {bar.least:g} {bar.name}: {ratio:.2f} against {best} ({theirs:,.0f}); "
            f"p99 {tail:.2f} to {their_tail:.2f} ms: {said}"
        )
    return whole


def compare(given: argparse.Namespace, scratch: Path) -> bool:
    """Measure everybody in turn; True when every bar holds."""
    home, bodies = home_with_calls(
        given.home, scratch / "made_up", customers=CUSTOMERS, count=CALLS
    )
    found: dict[str, list[Load]] = {}
    print(f"{len(bodies):,} callers; {given.seconds:g} s a run\n{'':22}{HEADING}")
    for turn in range(given.rounds):
        own = scratch / f"ours_{turn}"
        found.setdefault(OURS, []).append(ours(home, bodies, own, given.seconds))
        app = "benchmarks.serving_peers.echo:app"
        found.setdefault(ECHO, []).append(plain(ECHO, app, bodies, own, seconds=given.seconds))
        app = "benchmarks.serving_peers.plain_fastapi:app"
        found.setdefault(PLAIN, []).append(plain(PLAIN, app, bodies, own, seconds=given.seconds))
    model = write_model(scratch)
    for peer in (*MODEL_SERVERS, MLFLOW):
        try:
            runs = scored(peer, given.peers, model, scratch, given.peer_seconds)
        except DidNotStartError as error:
            print(f"{peer.name:22}  NOT MEASURED: {error}", flush=True)
        else:
            found[peer.name] = [max(runs, key=lambda run: run.a_second)]
    return judge(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with strategies; else some are made up")
    parser.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir()) / "peers")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--peer-seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    demand_wrk()
    with tempfile.TemporaryDirectory(prefix="decisions-against-peers-") as folder:
        return 0 if compare(given, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
