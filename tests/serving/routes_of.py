"""The routes of the application as it has them, and what each says that it is for."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route

from serving.app import ENDPOINTS
from serving.identity import Use

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
