"""Every route of the application for every role and for nobody: exactly what ROLES says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from serving.app import build_app
from serving.identity import ROLES, Use
from serving.key_changes import create_key
from serving.key_file import Role
from serving.settings import Settings
from tests.serving.routes_of import OPEN, methods_and_routes, use_of

Asking = Callable[..., None]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def app(home: Path) -> FastAPI:
    return build_app(Settings(home=home))


def test_every_route_is_for_a_declared_use_or_open_for_a_reason(app: FastAPI) -> None:
    undeclared = {
        (method, route.path)
        for method, route in methods_and_routes(app)
        if use_of(method, route) is None
    }
    assert undeclared == set(OPEN)


def test_every_use_is_asked_for_somewhere_and_says_who_may(app: FastAPI) -> None:
    asked = {use_of(method, route) for method, route in methods_and_routes(app)}
    assert asked - {None} == set(Use) == set(ROLES)


@pytest.mark.parametrize("who", [*Role, "nobody", "a stranger", "one whose key has ended"])
def test_every_route_admits_whom_its_use_admits_and_nobody_else(
    home: Path, asking: Asking, who: str
) -> None:
    secrets = {role: create_key(home, name=role, role=role) for role in Role}
    secrets["a stranger"] = "cw_" + "x" * 43
    secrets["one whose key has ended"] = create_key(
        home, name="ended", role=Role.MARKETING, ends=LONG_AGO
    )

    async def test(ask: Any) -> None:
        if who in secrets:
            ask.client.headers["x-api-key"] = secrets[who]
        for method, route in methods_and_routes(ask.app):
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            status = (await ask.client.request(method, path)).status_code
            use = use_of(method, route)
            if use is None:
                assert status not in (401, 403), (who, method, path)
            elif who not in set(Role):
                assert status == 401, (who, method, path, status)
            elif who in ROLES[use]:
                assert status not in (401, 403), (who, method, path, status)
            else:
                assert status == 403, (who, method, path, status)

    asking(test)
