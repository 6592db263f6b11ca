"""Requests of the inference protocol with faults planted at random: all are answered in words."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from models.assembly import assemble
from models.live import LiveModelSet
from serving.identity import KeyRing
from serving.inference import build_inference
from serving.metrics import new_metrics
from serving.problems import install_problems
from tests.models.labelled_world import SETTINGS, labelled_world

REQUESTS = 400
NUMBERS = ("age", "visits")
STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2, 1_001, 2**64, 10**400, 1.5, 1e308, float("nan")),
    *("", "age", "rows", "stage", "FP64", "BYTES", "UINT8", "\u0000", "\U0001f600"),
    *([], {}, [[]], [[1]], {"absent": [1]}, {"absent": None}),
)


def request(rng: random.Random) -> dict[str, Any]:
    """Return a request that fits."""
    rows = rng.choice([1, 1, 2, 9])

    def value(name: str) -> Any:
        known = [rng.random() * 90, rng.randrange(90)] if name in NUMBERS else ["lead", "all"]
        return rng.choice([None, *known])

    inputs = [
        {
            "name": name,
            "shape": rng.choice([[rows], [rows, 1]]),
            "datatype": "FP64" if name in NUMBERS else "BYTES",
            "data": [value(name) for _ in range(rows)],
        }
        for name in rng.sample([*NUMBERS, "medium", "stage"], rng.randrange(1, 5))
    ]
    return {"id": "1", "inputs": inputs, "outputs": rng.choice([[], [{"name": "accept"}]])}


def spoilt(part: Any, rng: random.Random) -> Any:
    """Return the same with a part here and there replaced or left out."""
    if rng.random() < 0.02:
        return rng.choice(STRANGE)
    if isinstance(part, dict):
        return {key: spoilt(one, rng) for key, one in part.items() if rng.random() > 0.01}
    return [spoilt(one, rng) for one in part] if isinstance(part, list) else part


def test_whatever_is_sent_is_answered_or_refused_in_words(tmp_path: Path) -> None:
    assemble(labelled_world(rare=120), out=tmp_path / "17", settings=SETTINGS)
    live = LiveModelSet.load(tmp_path / "17")
    app = FastAPI()
    install_problems(app)
    keys = KeyRing(tmp_path / "none", loopback=True)
    app.include_router(
        build_inference(lambda: live, keys=keys, metrics=new_metrics(), version="1.2")
    )
    rng = random.Random(5)
    seen = {200: 0, 400: 0}

    async def run() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for _ in range(REQUESTS):
                body = json.dumps(spoilt(request(rng), rng))
                answer = await client.post("/v2/models/callworth/infer", content=body)
                seen[answer.status_code] += 1
                assert answer.status_code == 200 or answer.json()["error"]

    asyncio.run(run())

    assert min(seen.values()) > REQUESTS / 10, seen
