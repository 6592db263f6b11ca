"""Watched decisions as OpenTelemetry spans, where an address to send them to is set.

Needs the extra `telemetry`; without the address nothing of it is imported.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from serving.errors import SettingsError
from serving.log_entry import LoggedDecision

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

ADDRESS = "OTEL_EXPORTER_OTLP_ENDPOINT"
NAME = "callworth"
# What a span says of a decision: nothing that names a customer or a contact.
_ATTRIBUTES = ("source", "arm", "value_group", "queue", "offer_id", "strategy_set", "model_set")


class Spans:
    """Sends a decision as a span with one child for each of its stages."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def add(self, entry: LoggedDecision, seconds: Mapping[str, float]) -> None:
        """Send one decision that has just ended; `seconds` are its stages, in their order.

        Stages lie end to end in the span, also where in truth one went on within another.
        """
        from opentelemetry.trace import set_span_in_context

        ended = time.time_ns()
        at = ended - sum(_nanoseconds(one) for one in seconds.values())
        named = {name: getattr(entry, name) for name in _ATTRIBUTES}
        known = {name: value for name, value in named.items() if value is not None}
        whole = self._tracer.start_span("decision", start_time=at, attributes=known)
        within = set_span_in_context(whole)
        for stage, taken in seconds.items():
            child = self._tracer.start_span(stage, context=within, start_time=at)
            at += _nanoseconds(taken)
            child.end(at)
        whole.end(ended)


def open_spans(environment: Mapping[str, str]) -> Spans | None:
    """Return what sends spans to the address that is set, or None where none is.

    Raises SettingsError where the extra is not installed.
    """
    if not environment.get(ADDRESS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            f"{ADDRESS} is set, and OpenTelemetry is not installed ({error}).",
            fix="pip install 'callworth[telemetry]', or unset the variable.",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider.get_tracer(NAME, _version()))


def _version() -> str:
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "unknown"


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
