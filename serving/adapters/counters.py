"""What is counted of answers to routers: how each came about, and which left too late."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter


class Kept(StrEnum):
    """How an answer came about."""

    DECIDED = "decided"
    REPEATED = "repeated"  # the same contact had asked the same before
    TIMED_OUT = "timed_out"  # the default, sent just before the deadline
    SHED = "shed"  # the default, sent at once because too many were in hand


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one application."""

    answers: Counter
    late: Counter

    @classmethod
    def in_registry(cls, registry: CollectorRegistry) -> Counters:
        """Return counters at zero."""
        return cls(
            answers=Counter(
                "callworth_adapter_answers",
                "Answers to routers, by how they came about",
                ("adapter", "kept"),
                registry=registry,
            ),
            late=Counter(
                "callworth_adapter_answers_late",
                "Answers to routers that left after their deadline",
                ("adapter",),
                registry=registry,
            ),
        )

    def count(self, adapter: str, kept: Kept, *, late: bool) -> None:
        """Count one answer."""
        self.answers.labels(adapter, kept.value).inc()
        if late:
            self.late.labels(adapter).inc()
