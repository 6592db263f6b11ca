"""A watched decision is a span with its stages; without an address nothing is imported."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from serving import telemetry
from serving.errors import SettingsError
from serving.stages import EVERY
from serving.telemetry import ADDRESS, Spans, open_spans
from tests.serving.conftest import Asker


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Let the application send its spans here."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    made = Spans(provider.get_tracer("test"))
    monkeypatch.setattr("serving.metrics.open_spans", lambda _environment: made)
    return kept


def test_a_watched_decision_is_a_span_with_its_stages_in_order(
    sent: InMemorySpanExporter, publish: Any, asking: Any
) -> None:
    label = publish()

    async def test(asker: Asker) -> None:
        for number in range(EVERY):
            await asker.decide(contact_id=f"c-{number}", **{"from": "+15550100"})

    asking(test)
    spans = {one.name: one for one in sent.get_finished_spans()}
    whole = spans.pop("decision")
    assert list(spans) == ["read", "identify", "look_up", "log"]
    for stage in spans.values():
        assert stage.parent.span_id == whole.context.span_id
        assert whole.start_time <= stage.start_time <= stage.end_time <= whole.end_time
    assert whole.attributes["strategy_set"] == label
    assert whole.attributes["source"] == "strategy"
    told = str([dict(one.attributes) for one in sent.get_finished_spans()])
    assert "5550100" not in told
    assert "c-63" not in told


def test_without_an_address_nothing_is_imported() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from serving.telemetry import open_spans; assert open_spans({}) is None; "
            "print([m for m in sys.modules if m.startswith('opentelemetry')])",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == "[]"


def test_an_address_without_the_extra_is_told_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"callworth\[telemetry\]"):
        open_spans({ADDRESS: "http://127.0.0.1:4318"})
    assert telemetry.open_spans({ADDRESS: ""}) is None
