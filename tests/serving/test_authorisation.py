"""Every route of the application for every role and for nobody: exactly what ROLES says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Route

from serving.app import ENDPOINTS, build_app
from serving.identity import ROLES, Use
from serving.key_changes import create_key
from serving.key_file import Role
from serving.settings import Settings

Asking = Callable[..., None]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

# Open to everyone, each with its reason.
OPEN = {
    ("GET", "/"): "leads to the pages",
    ("GET", "/docs"): "describes the interface",
    ("GET", "/openapi.json"): "describes the interface",
    ("GET", "/health/live"): "names no customer",
    ("GET", "/health/ready"): "names no customer",
    ("GET", "/v2/health/live"): "names no customer",
    ("GET", "/v2/health/ready"): "names no customer",
    ("GET", "/v2/models/{name}/ready"): "names no customer",
    ("GET", "/v2/models/{name}/versions/{version}/ready"): "names no customer",
    ("GET", "/pages/style.css"): "looks",
    ("GET", "/pages/mark.svg"): "looks",
    ("POST", "/v1/adapters/twilio/assignment"): "Twilio's signature instead of a key",
    ("POST", "/v1/adapters/twilio/events"): "Twilio's signature instead of a key",
}
DECLARED = {(one.method, one.path): one.use for one in ENDPOINTS}


def flat(routes: list[BaseRoute]) -> Iterator[Route]:
    """Yield every route with a path of its own, those of included routers too."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            found = getattr(route, "original_router", route)
            assert hasattr(found, "routes"), f"{route!r} is of a kind that this test does not know"
            yield from flat(found.routes)


def methods_and_routes(app: FastAPI) -> list[tuple[str, Route]]:
    found = [
        (method, route)
        for route in flat(app.router.routes)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    assert len(found) > 40  # else the walk has lost its way
    return found


def use_of(method: str, route: Route) -> Use | None:
    """Return what a route says that it is for: by its endpoint, or by the sign-in it depends on."""
    declared = DECLARED.get((method, route.path))
    asked = [
        one.dependency.use  # type: ignore[union-attr]
        for one in getattr(route, "dependencies", ())
        if hasattr(one.dependency, "use")
    ]
    assert len(set(asked) | ({declared} if declared else set())) <= 1, route.path
    return asked[0] if asked else declared


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
