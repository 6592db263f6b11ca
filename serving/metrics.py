"""What Prometheus reads: decisions by source, refusals, latency, stages, log, what is in force."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.responses import Response

from serving.endpoints import Endpoint
from serving.identity import KeyRing, Use, requires
from serving.log import DecisionLog
from serving.settings import METRICS_FOLDER
from serving.state_gauges import StateGauges
from serving.tally import Tally
from serving.telemetry import Spans, open_spans

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each figure says nothing

# A router waits 200 ms by default; most answers take well under one.
_BUCKETS_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0)
_STAGE_BUCKETS_SECONDS = (2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 0.02, 0.1)
STAGES = ("read", "identify", "look_up", "score", "log")

READ_METRICS = Endpoint(
    method="GET",
    path="/metrics",
    summary="Figures for Prometheus",
    text="Decisions by source, refusals by status, latency by stage, the log, what is in force.",
    use=Use.READ_METRICS,
    media_type="text/plain",
    problems=(401, 403),
)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of one application."""

    registry: CollectorRegistry
    decisions: Counter
    failures: Counter
    late: Counter
    limited: Counter
    problems: Counter
    outcomes: Counter
    latency: Histogram
    stages: Mapping[str, Histogram]
    state: StateGauges
    tally: Tally
    spans: Spans | None = None

    def count_problem(self, endpoint: str, status: int) -> None:
        """Count one refusal."""
        self.problems.labels(endpoint, str(status)).inc()

    def text(self, log: DecisionLog) -> bytes:
        """Return all figures in Prometheus' text form, summed over workers that share a folder."""
        self.state.look_at_log(log)
        self.tally.flush()
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self.registry)
        _leave_out_the_dead(Path(os.environ[METRICS_FOLDER]))
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def new_metrics() -> Metrics:
    """Return counters at zero, in a registry of their own."""
    registry = CollectorRegistry()

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"callworth_{name}", text, labels, registry=registry)

    stage_seconds = Histogram(
        "callworth_stage_seconds",
        "Time of each stage of a decision, of one contact in sixty-four",
        ("stage",),
        registry=registry,
        buckets=_STAGE_BUCKETS_SECONDS,
    )
    decisions = counter("decisions", "Decisions answered", "source")
    latency = Histogram(
        "callworth_decision_seconds",
        "Time from a decision's request to its answer",
        registry=registry,
        buckets=_BUCKETS_SECONDS,
    )
    return Metrics(
        registry=registry,
        decisions=decisions,
        failures=counter("decision_failures", "Decisions where something broke behind the answer"),
        late=counter("decisions_late", "Decisions answered after the asker's deadline"),
        limited=counter("decisions_limited", "Decisions asked for faster than the key may", "key"),
        problems=counter("problems", "Requests refused", "endpoint", "status"),
        outcomes=counter("outcomes", "Outcomes taken", "result"),
        latency=latency,
        stages={name: stage_seconds.labels(name) for name in STAGES},
        state=StateGauges.in_registry(registry),
        tally=Tally(decisions, latency, bounds=_BUCKETS_SECONDS),
        spans=open_spans(os.environ),
    )


def _leave_out_the_dead(folder: Path) -> None:
    """Let no gauge of a worker that was killed stand for what is now."""
    for process in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}:
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            mark_process_dead(int(process))  # type: ignore[no-untyped-call]


def build_metrics(metrics: Metrics, log: DecisionLog, keys: KeyRing) -> APIRouter:
    """Return the metrics endpoint."""
    router = APIRouter(dependencies=[Depends(requires(keys, Use.READ_METRICS))])

    @router.get(READ_METRICS.path)
    async def read_metrics() -> Response:
        return Response(metrics.text(log), media_type=CONTENT_TYPE_LATEST)

    return router
