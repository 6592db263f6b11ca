from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.key_changes import create_key

Asking = Callable[..., None]

# One request for each kind of answer: page, file, API, refusals of every layer, what is public.
REQUESTS = (
    ("GET", "/"),
    ("GET", "/offers"),
    ("GET", "/offers.csv"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/v2"),
    ("GET", "/pages/style.css"),
    ("GET", "/pages/mark.svg"),
    ("GET", "/v1/strategies/nobody"),
    ("GET", "/nothing-is-here"),
    ("PUT", "/metrics"),
    ("POST", "/v1/decisions"),
    ("POST", "/v1/adapters/genesys"),
    ("OPTIONS", "/v1/decisions"),
)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_every_answer_says_what_a_browser_may_not_do_with_it(
    asking: Asking, method: str, path: str
) -> None:
    async def test(ask: Any) -> None:
        headers = (await ask.client.request(method, path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "script-src" not in policy
        assert headers["referrer-policy"] == "same-origin"
        kept = path.startswith("/pages/")
        assert headers["cache-control"].startswith("public" if kept else ("no-store", "private"))
        assert len(headers.get_list("cache-control")) == 1

    asking(test)


def test_an_answer_to_a_contact_is_not_stored_on_its_way(
    asking: Asking, publish: Callable[..., str]
) -> None:
    publish()

    async def test(ask: Any) -> None:
        headers = (await ask.decide()).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"

    asking(test)


def test_an_answer_that_nobody_foresaw_is_no_exception(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("broken")

        ask.parts.following.look = broken
        answer = await ask.client.get("/health/ready")
        assert answer.status_code == 500
        assert answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"

    asking(test)


@pytest.mark.parametrize(("scheme", "bound"), [("http", False), ("https", True)])
def test_the_browser_is_bound_to_tls_only_where_there_is_tls(
    home: Path, asking: Asking, scheme: str, bound: bool
) -> None:
    create_key(home, name="desk", role="marketing")

    async def test(ask: Any) -> None:
        answer = await ask.client.get(f"{scheme}://localhost/offers")
        assert ("strict-transport-security" in answer.headers) is bound

    asking(test)


def test_the_style_of_the_api_page_is_allowed_by_its_hash_alone(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.get("/docs")
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}';" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text and " style=" not in answer.text

    asking(test)
