"""What is in force and how the log is, as gauges that every worker renews each second."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Gauge

from routing.in_force import InForce
from serving.following import Following
from serving.log import DecisionLog

EVERY_SECONDS = 1.0


@dataclass(slots=True)
class StateGauges:
    """The gauges; over several workers counts are summed, and of states the worst is shown."""

    log_waiting: Gauge
    log_dropped: Gauge
    log_written: Gauge
    log_trouble: Gauge
    following_trouble: Gauge
    in_force: Gauge
    formed: Gauge
    _shown: tuple[str, str, str] | None = field(default=None)

    @classmethod
    def in_registry(cls, registry: CollectorRegistry) -> StateGauges:
        """Return the gauges at zero."""

        def gauge(name: str, text: str, *labels: str, worst: bool = False) -> Gauge:
            return Gauge(
                f"callworth_{name}",
                text,
                labels,
                registry=registry,
                multiprocess_mode="livemax" if worst else "livesum",
            )

        return cls(
            log_waiting=gauge("log_waiting", "Entries that wait to be written to the decision log"),
            log_dropped=gauge("log_dropped", "Decisions that could not be logged since the start"),
            log_written=gauge("log_written", "Entries that were written to the decision log"),
            log_trouble=gauge("log_trouble", "1 while the log cannot be written", worst=True),
            following_trouble=gauge(
                "following_trouble", "1 while what was published last cannot be taken", worst=True
            ),
            in_force=gauge(
                "in_force",
                "1 for what decisions rest on",
                *("strategy_set", "model_set", "live_models"),
                worst=True,
            ),
            formed=gauge(
                "strategies_formed_timestamp_seconds",
                "When the strategy set in force was formed, seconds since 1970; 0 without one",
                worst=True,
            ),
        )

    def look_at_log(self, log: DecisionLog) -> None:
        """Take over how the log is."""
        self.log_waiting.set(log.waiting)
        self.log_dropped.set(log.dropped)
        self.log_written.set(log.written)
        self.log_trouble.set(log.trouble is not None)

    def look_at(self, following: Following, *, problem: str | None) -> None:
        """Take over what is in force; `problem` is why the strategies cannot be followed."""
        self.following_trouble.set(following.trouble is not None or problem is not None)
        found = following.in_force
        header = found.strategies.header if found.strategies is not None else None
        self.formed.set(header.formed_at.timestamp() if header is not None else 0.0)
        shown = _names(found)
        if shown != self._shown:
            if self._shown is not None:
                self.in_force.labels(*self._shown).set(0)
            self.in_force.labels(*shown).set(1)
            self._shown = shown


def _names(found: InForce) -> tuple[str, str, str]:
    header = found.strategies.header if found.strategies is not None else None
    live = found.live.version if found.live is not None else "none"
    return (found.label or "none", header.model_set if header is not None else "none", live)
