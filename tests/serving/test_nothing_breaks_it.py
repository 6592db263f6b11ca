"""Whatever is sent, the answer is a decision or a 4xx problem that is well formed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

Asking = Callable[..., None]

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, -1e-320, 2**63, 2**70, "", " ", "x" * 500, "\x00",
    "é\u202e", "\U0001f4de", "+15550100", "voice", "lead", "2026-11-22T14:30:00Z",
    "9999-12-31T23:59:59-14:00", "'; DROP TABLE decisions; --", "{{7*7}}", [], {}, [[]], {"": ""},
)  # fmt: skip
NAMES = {
    "/v1/decisions": (
        "contact_id", "channel", "from", "to", "partner", "customer_id", "answers", "deadline_ms",
    ),
    "/v1/predictions": (
        "partner", "customer_id", "from", "answers", "stage", "features", "offers",
    ),
    "/v1/outcomes": ("decision_id", "offer_id", "accepted", "revenue", "occurred_at"),
}  # fmt: skip
SOUND = {
    "/v1/decisions": {"contact_id": "c", "channel": "voice"},
    "/v1/predictions": {"customer_id": "c"},
    "/v1/outcomes": {
        "decision_id": "d", "offer_id": "o", "accepted": True,
        "occurred_at": "2026-11-22T14:29:00Z",
    },
}  # fmt: skip


def odd_value(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.random()
    if depth < 3 and kind < 0.1:
        return [odd_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if depth < 3 and kind < 0.3:
        names = ("reason", "name", "street", "postcode", "age", "x")
        return {draw.choice(names): odd_value(draw, depth + 1) for _ in range(3)}
    return draw.choice(ODD)


def odd_body(draw: random.Random, path: str) -> bytes:
    """Return a sound body with one or more fields gone odd, and sometimes cut or bitten."""
    body = dict(SOUND[path])
    for _ in range(draw.randrange(1, 4)):
        body[draw.choice(NAMES[path])] = odd_value(draw)
    encoded = json.dumps(body, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    if draw.random() < 0.15:
        encoded = encoded[: draw.randrange(len(encoded))]
    if draw.random() < 0.15:
        at = draw.randrange(max(1, len(encoded)))
        encoded = encoded[:at] + draw.randbytes(3) + encoded[at:]
    return encoded


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_no_body_gets_a_5xx_and_every_200_is_whole(
    publish: Callable[..., str], asking: Asking, path: str, seed: int
) -> None:
    publish()
    draw = random.Random(f"{path}{seed}")

    async def test(ask: Any) -> None:
        answered = 0
        for _ in range(150):
            body = odd_body(draw, path)
            answer = await ask.client.post(
                path, content=body, headers={"content-type": "application/json"}
            )
            told = answer.json()
            assert answer.status_code < 500, (body, told)
            if answer.status_code == 200:
                answered += 1
                assert path != "/v1/decisions" or told["route"]["queue"], body
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert told["status"] == answer.status_code
                assert told["detail"] and told["fix"]
        assert answered or path == "/v1/outcomes"
        assert not ask.parts.log.dropped

    asking(test)


@pytest.mark.parametrize("seed", range(2))
def test_no_path_query_or_header_gets_a_5xx(asking: Asking, seed: int) -> None:
    draw = random.Random(seed)
    texts = ("x", "%00", "%ff%fe", "..%2f..%2fetc", "a" * 3000, "%20", "é", "{}")

    async def test(ask: Any) -> None:
        for _ in range(100):
            method = draw.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"))
            path = draw.choice(("/v1/strategies/", "/v1/decisions", "/offers/", "/health/", "/"))
            headers = {
                draw.choice(
                    ("authorization", "x-api-key", "content-type", "content-length", "accept")
                ): draw.choice(("", "Basic", "Bearer \x7f", "-1", "9" * 40, "application/json;;"))
            }
            answer = await ask.client.request(
                method, path + draw.choice(texts) + draw.choice(("", "?partner=%00", "?=&&")),
                headers=headers,
            )  # fmt: skip
            assert answer.status_code < 500, (method, path, headers, answer.text)

    asking(test)
