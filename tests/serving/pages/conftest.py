"""A home with a report on a small insurer's offers, and the pages over it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from pipelines.report import write_report
from serving.pages.offers_report import report_path
from serving.pages.routes import build_pages
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


class Visitor:
    """Asks one application for pages, without a network."""

    def __init__(self, app: FastAPI, *, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path

    def get(self, path: str) -> httpx.Response:
        """Return the answer to GET."""
        return asyncio.run(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, root_path=self._root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)


@pytest.fixture
def visiting() -> type[Visitor]:
    return Visitor


@pytest.fixture
def pages(empty_home: Path) -> Visitor:
    """A visitor of the pages; they are over `home` where a test asks for it too."""
    app = FastAPI()
    app.include_router(build_pages(empty_home))
    return Visitor(app)
