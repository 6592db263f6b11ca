"""A home with a small published strategy set, and the real application over it."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from routing.offers import Offer
from routing.strategy import Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_writer import StrategyWriter
from serving import examples
from serving.app import build_app
from serving.parts import Parts
from serving.settings import Settings

NOW = examples.NOW


@dataclass(frozen=True)
class Asker:
    """A client of one running application."""

    client: httpx.AsyncClient
    app: FastAPI

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    async def decide(self, **contact: Any) -> httpx.Response:
        return await self.client.post(
            "/v1/decisions", json={"contact_id": "c-81", "channel": "voice", **contact}
        )


Home = Callable[..., Path]
Serving = Callable[..., Any]
Test = Callable[[Asker], Awaitable[None]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def publish(home: Path) -> Callable[..., str]:
    """Return a function that publishes strategies (by default the example's) in the home."""

    def _publish(
        entries: Iterable[tuple[Strategy, ContactDetails]] = (
            (examples.STRATEGY, examples.DETAILS),
        ),
        *,
        label: str | None = examples.STRATEGY_SET,
        formed_at: datetime = examples.STRATEGY.formed_at,
        offers: Mapping[str, Sequence[Offer]] | None = None,
    ) -> str:
        with StrategyWriter(
            home / "strategies",
            model_set="17",
            formed_at=formed_at,
            defaults=[examples.DEFAULTS],
            label=label,
            offers=offers,
        ) as writer:
            writer.add(entries)
            return writer.publish().label

    return _publish


@pytest.fixture
def a_strategy() -> Callable[..., Strategy]:
    """Return a function that makes the example's strategy, changed where the test needs it."""

    def _a_strategy(**changes: Any) -> Strategy:
        return msgspec.structs.replace(examples.STRATEGY, **changes)

    return _a_strategy


@pytest.fixture
def asking(home: Path) -> Callable[..., None]:
    """Return a function that runs a test against the application, started and ended."""

    def _asking(test: Test, *, now: datetime = NOW, **settings: Any) -> None:
        chosen = {"home": home, "hold_back_share": 0.0, **settings}

        async def _run() -> None:
            async with _served(Settings(**chosen), now=now) as asker:
                await test(asker)

        _complete(_run())

    return _asking


def _complete(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@asynccontextmanager
async def _served(settings: Settings, *, now: datetime) -> AsyncIterator[Asker]:
    app = build_app(settings, clock=lambda: now)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield Asker(client, app)
