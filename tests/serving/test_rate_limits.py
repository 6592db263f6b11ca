from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving import examples
from serving.key_changes import create_key
from serving.key_file import Key, Rate, Role
from serving.rate_limits import Bucket, RateLimits

Asking = Callable[..., None]
SLOW = Rate(0.01, 2.0)  # two at once, then one in a hundred seconds


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=3.0), now=0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(0.0) == pytest.approx(0.1)
    taken = sum(bucket.take(at / 1000) == 0.0 for at in range(1, 10_001))
    assert taken in (99, 100)  # the last token may be due a rounding error later


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=3.0), now=0.0)
    assert [bucket.take(1e6) == 0.0 for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=1.0), now=100.0)
    assert bucket.take(100.0) == 0.0
    assert bucket.take(50.0) > 0.0
    assert bucket.take(50.1) > 0.0


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_share_a_rate(workers: int) -> None:
    key = Key("pbx", Role.ROUTER, rate=Rate(0.001, 8.0))
    together = [RateLimits(workers=workers) for _ in range(workers)]
    let_through = sum(one.wait_seconds(key) == 0.0 for one in together for _ in range(20))
    assert let_through == 8


def test_a_new_rate_counts_at_once_and_a_key_without_one_is_never_held_back() -> None:
    limits = RateLimits()
    assert limits.wait_seconds(Key("pbx", Role.ROUTER, rate=Rate(0.001, 1.0))) == 0.0
    assert limits.wait_seconds(Key("pbx", Role.ROUTER, rate=Rate(0.001, 1.0))) > 0.0
    assert limits.wait_seconds(Key("pbx", Role.ROUTER, rate=Rate(0.001, 2.0))) == 0.0
    assert limits.wait_seconds(Key("pbx", Role.ROUTER)) == 0.0


def test_a_contact_over_the_rate_gets_the_default_route_and_is_counted(
    home: Path, asking: Asking, publish: Callable[..., str]
) -> None:
    publish()
    secret = create_key(home, name="pbx", role="router", rate=SLOW)
    watcher = create_key(home, name="watch", role="scientist")

    async def test(ask: Any) -> None:
        ask.client.headers["x-api-key"] = secret
        answers = [(await ask.decide(**{"from": examples.PHONE})).json() for _ in range(4)]
        sources = [one["source"] for one in answers]
        assert sources == ["strategy", "strategy", "default", "default"]
        assert "may ask 0.01 times a second" in answers[3]["why"]
        assert answers[3]["customer"] is None
        assert answers[3]["route"]["queue"]
        metrics = await ask.client.get("/metrics", headers={"x-api-key": watcher})
        assert 'callworth_decisions_limited_total{key="pbx"} 2.0' in metrics.text

    asking(test)


def test_an_adapters_contact_over_the_rate_gets_the_default_route(
    home: Path, asking: Asking, publish: Callable[..., str]
) -> None:
    publish()
    secret = create_key(home, name="genesys", role="router", rate=SLOW)

    async def test(ask: Any) -> None:
        ask.client.headers["x-api-key"] = secret
        for at in range(4):
            message = {"connid": f"00{at}", "ani": examples.PHONE}
            answer = await ask.client.post("/v1/adapters/genesys", json=message)
            assert answer.status_code == 200, answer.text
        metrics = ask.parts.metrics
        assert metrics.limited.labels("genesys")._value.get() == 2.0

    asking(test)


def test_anything_else_over_the_rate_is_refused_and_told_when_to_come_again(
    home: Path, asking: Asking
) -> None:
    secret = create_key(home, name="watch", role="scientist", rate=SLOW)

    async def test(ask: Any) -> None:
        ask.client.headers["x-api-key"] = secret
        answers = [await ask.client.get("/metrics") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert 90 <= int(answers[2].headers["retry-after"]) <= 100
        problem = answers[2].json()
        assert problem["status"] == 429 and "Retry-After" in problem["fix"]

    asking(test)
