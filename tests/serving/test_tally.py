"""What was counted in plain numbers is what the library would have counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from routing.answer import Source
from serving.tally import Tally

BOUNDS = (0.0002, 0.001, 0.5)
TIMES = (0, 1, 199, 200, 201, 1_000, 1_001, 499_999, 500_000, 500_001, 9_000_000)


def test_a_flush_gives_the_librarys_own_figures() -> None:
    texts = []
    for plain in (False, True):
        registry = CollectorRegistry()
        decisions = Counter("decisions", "Decisions", ["source"], registry=registry)
        latency = Histogram("seconds", "Seconds", registry=registry, buckets=BOUNDS)
        tally = Tally(decisions, latency, bounds=BOUNDS)
        for turn in range(2):
            for microseconds in TIMES:
                source = Source.STRATEGY if turn else Source.DEFAULT
                if plain:
                    tally.add(source, microseconds)
                else:
                    decisions.labels(source.value).inc()
                    latency.observe(microseconds / 1e6)
            tally.flush()
            tally.flush()
        lines = generate_latest(registry).decode().splitlines()
        texts.append([line for line in lines if "_created" not in line and "_sum" not in line])
        assert registry.get_sample_value("seconds_sum") == 2 * sum(TIMES) / 1e6
    assert texts[0] == texts[1]
