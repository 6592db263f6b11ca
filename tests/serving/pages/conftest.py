"""A home with a report on a small insurer's offers, and the pages over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from pipelines.report import write_report
from serving.identity import KeyRing
from serving.pages.offers_report import report_path
from serving.pages.routes import build_pages
from serving.problems import install_problems
from tests.offers_models import promote_offers_model_set
from tests.offers_world import UNTIL, write_offers_world


@pytest.fixture(scope="session")
def offers_report_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report, made once by the real pipeline."""
    home = tmp_path_factory.mktemp("pages")
    tables = write_offers_world(home, contacts=12_000, seed=3)
    promote_offers_model_set(home)
    return write_report(home, tables=tables, as_of=UNTIL).read_bytes()


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    return tmp_path / "a home"


@pytest.fixture
def home(empty_home: Path, offers_report_bytes: bytes) -> Path:
    target = report_path(empty_home)
    target.parent.mkdir(parents=True)
    target.write_bytes(offers_report_bytes)
    return empty_home


def app_over(home: Path) -> FastAPI:
    """Return an application of the pages alone; without a keys file everyone here may ask."""
    app = FastAPI()
    install_problems(app)
    keys = KeyRing(home / "keys.toml", loopback=True)
    app.include_router(build_pages(home, keys=keys))
    return app


class Visitor:
    """Asks one application for pages, without a network."""

    def __init__(self, app: FastAPI, *, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Return the answer to GET."""
        return asyncio.run(self._ask("GET", path, **more))

    def post(self, path: str, fields: dict[str, str], **more: Any) -> httpx.Response:
        """Return the answer to a form sent from a page of ours, unless headers say otherwise."""
        headers = {"sec-fetch-site": "same-origin", **more.pop("headers", {})}
        sent = {name: value for name, value in headers.items() if value is not None}
        return asyncio.run(self._ask("POST", path, data=fields, headers=sent, **more))

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, root_path=self._root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)


@pytest.fixture
def over() -> Callable[[Path], FastAPI]:
    return app_over


@pytest.fixture
def visiting() -> type[Visitor]:
    return Visitor


@pytest.fixture
def pages(empty_home: Path) -> Visitor:
    """A visitor of the pages; they are over `home` where a test asks for it too."""
    return Visitor(app_over(empty_home))
