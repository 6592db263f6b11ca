"""The API described once: as an OpenAPI document, and as a page that needs no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from fastapi import APIRouter, FastAPI
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from serving.endpoints import Endpoint
from serving.identity import ROLES, Use
from serving.problems import MEDIA_TYPE, Problem
from serving.security_headers import policy_for

_PAGE = Path(__file__).parent / "api_page.html"
_SCHEMAS = "#/components/schemas/"
# Stands for the server's own address in the page, until somebody asks.
_ADDRESS = "http://where-this-server-is"
_INTRODUCTION = (
    "Ask POST /v1/decisions for each contact: anything well-formed gets a route, whatever is"
    " broken behind; `source` and `why` say what the answer is based on."
)

WHEN: dict[int, str] = {
    400: "The body is not JSON, or does not fit a model of the inference protocol.",
    401: "No key was sent, or one that is not known.",
    403: "The key's role may not do this; `allowed` names those that may.",
    404: "There is nothing of that name.",
    405: "The path exists, the method does not; `allowed` names those that do.",
    408: "The body did not arrive within ten seconds.",
    409: "It contradicts what is stored; the detail says what that is.",
    413: "The body is larger than 64 KiB, for inference than 4 MiB.",
    415: "The body is not sent as application/json.",
    421: "Without keys, the server answers only to its own host name.",
    422: "A field is missing, unknown or wrong: `field` names it, `allowed` what may be there.",
    429: "The key asks faster than it may; Retry-After says when to come again.",
    500: "The server failed in a way that nobody foresaw.",
    503: (
        "The decision log cannot be written, so nothing is acknowledged; send it again later."
        " Or no model set is promoted, for the readiness of /v2."
    ),
}


def document(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the endpoints."""
    kinds = [Problem, *_kinds(endpoints)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=f"{_SCHEMAS}{{name}}")
    by_kind = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Callworth", "version": version, "description": _INTRODUCTION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "browser": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _kinds(endpoints: Iterable[Endpoint]) -> list[Any]:
    found = (kind for one in endpoints for kind in (one.body, one.answer) if kind is not None)
    return list(dict.fromkeys(found))


def _operation(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "description": endpoint.text,
        "operationId": _name(endpoint),
        "responses": _answers(endpoint, schemas),
    }
    if endpoint.use is not None:
        operation["security"] = [{"bearer": []}, {"header": []}, {"browser": []}]
        operation["x-roles"] = sorted(ROLES[endpoint.use])
    if endpoint.parameters:
        operation["parameters"] = [
            {
                "name": one.name,
                "in": one.where,
                "description": one.text,
                "required": one.required,
                "schema": {"type": "string"},
                "example": one.example,
            }
            for one in endpoint.parameters
        ]
    if endpoint.body is not None:
        examples = {one.name: {"value": _asked(one.request)} for one in endpoint.examples}
        content = {"schema": schemas[endpoint.body], "examples": examples}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _answers(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if endpoint.answer is not None:
        content["schema"] = schemas[endpoint.answer]
    if endpoint.examples:
        content["examples"] = {one.name: {"value": _plain(one.answer)} for one in endpoint.examples}
    answers = {
        str(endpoint.status): {
            "description": HTTPStatus(endpoint.status).phrase,
            "content": {endpoint.media_type: content},
        }
    }
    if endpoint.unready is not None:
        answers[str(endpoint.unready)] = {
            "description": WHEN[endpoint.unready],
            "content": {endpoint.media_type: {"schema": content["schema"]}},
        }
    for status in _problems(endpoint):
        answers[str(status)] = {
            "description": WHEN[status],
            "content": {MEDIA_TYPE: {"schema": schemas[Problem]}},
        }
    return answers


def _problems(endpoint: Endpoint) -> tuple[int, ...]:
    """Return the statuses of its refusals; only a contact is answered however fast one asks."""
    limited = endpoint.use not in (None, Use.DECIDE)
    return (*endpoint.problems, 429) if limited else endpoint.problems


def _name(endpoint: Endpoint) -> str:
    words = endpoint.path.replace("{", "").replace("}", "").replace("/", " ").split()
    return "_".join([endpoint.method.lower(), *words])


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _asked(value: Any) -> Any:
    """Return a request's body as one would write it: what is null is left out."""
    return {name: part for name, part in _plain(value).items() if part not in (None, {})}


def curl(endpoint: Endpoint, *, address: str) -> str:
    """Return the command line that sends the endpoint's first example."""
    path = endpoint.path
    for one in endpoint.parameters:
        path = path.replace(f"{{{one.name}}}", one.example)
    words = ["curl", "-s"]
    if endpoint.use is not None:
        words += ["-H", '"authorization: Bearer $CALLWORTH_KEY"']
    if endpoint.body is None:
        return " ".join([*words, f"{address}{path}"])
    body = json.dumps(_asked(endpoint.examples[0].request), ensure_ascii=False)
    words += [f"{address}{path}", "\\\n ", "-H 'content-type: application/json'", "\\\n "]
    return " ".join([*words, "-d", "'" + body.replace("'", "'\\''") + "'"])


def page(endpoints: Sequence[Endpoint], *, version: str, address: str) -> str:
    """Return the API page as HTML; it loads nothing from anywhere."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["pretty"] = lambda value: json.dumps(
        _plain(value), indent=2, ensure_ascii=False
    )
    environment.filters["code"] = _with_code
    template = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return template.render(
        endpoints=endpoints,
        introduction=_INTRODUCTION,
        version=version,
        curl=partial(curl, address=address),
        roles=lambda one: sorted(ROLES[one.use]) if one.use is not None else [],
        when=WHEN,
        fields=_fields,
        asked=_asked,
    )


def _with_code(text: str) -> Markup:
    """Return the text as HTML, with what stands between backticks as code."""
    escaped = str(escape(text))
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped))  # noqa: S704 - escaped above


def _fields(kind: Any) -> list[tuple[str, str, str]]:
    """Return (name, type, required or default) of each field of a struct, for reading."""
    (_,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    schema = components.get(kind.__name__, {})
    required = set(schema.get("required", ()))
    return [
        (name, _kind_words(one, components), "required" if name in required else "")
        for name, one in schema.get("properties", {}).items()
    ]


def _kind_words(schema: dict[str, Any], components: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _kind_words({"title": schema["$ref"], **components[schema["$ref"]]}, components)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind_words(one, components) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind_words(schema.get('items') or {}, components)}"
    if schema.get("type") == "object" and schema.get("title"):
        return f"object with {', '.join(schema.get('properties', {})) or 'any names'}"
    return str(schema.get("format") or schema.get("type") or "anything")


def build_description(app: FastAPI, endpoints: Sequence[Endpoint], *, version: str) -> APIRouter:
    """Return the routes of the API page, and make the document the application's own."""
    encoded = msgspec.json.encode(document(endpoints, version=version))
    described = msgspec.json.decode(encoded)
    app.openapi = lambda: described  # type: ignore[method-assign]
    router = APIRouter()

    @router.get("/openapi.json")
    async def read_document() -> Response:
        return Response(encoded, media_type="application/json")

    @cache
    def template() -> tuple[str, str]:
        """Return the page and its content policy; made once, since it needs no key to ask for."""
        html = page(endpoints, version=version, address=_ADDRESS)
        return html, policy_for(html)

    @router.get("/docs")
    async def read_page(request: Request) -> HTMLResponse:
        address = str(request.base_url).rstrip("/")  # as the reader reaches us, through a proxy too
        html, policy = template()
        shown = html.replace(_ADDRESS, str(escape(address)))
        return HTMLResponse(shown, headers={"content-security-policy": policy})

    return router
