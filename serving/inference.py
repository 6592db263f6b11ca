"""The Open Inference Protocol, version 2, over HTTP: the promoted model set as one model.

For whoever has such a client already. Refusals are the problem documents of every endpoint, with
the `error` that the protocol asks for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.bodies import Body, read_body
from serving.endpoints import Endpoint
from serving.identity import KeyRing, Use
from serving.inference_columns import refused
from serving.inference_endpoints import INFER, METADATA, READY, SERVER, SERVER_LIVE, SERVER_READY
from serving.inference_scores import MODEL, Scoring, infer, metadata
from serving.inference_tensors import (
    InferenceProblem,
    InferenceRequest,
    ModelState,
    ServerMetadata,
    ServerState,
)
from serving.metrics import Metrics
from serving.problems import ProblemError, as_problem

# A thousand rows of 119 features, as JSON, are about a megabyte.
LIMIT_BYTES = 4 * 1024 * 1024
# Up to so many rows are scored quicker than a thread takes over.
_ROWS_AT_ONCE = 8
_BINARY = "inference-header-content-length"

Handler = Callable[[Request], Awaitable[Response]]
_encode = msgspec.json.Encoder().encode


class Inference:
    """Answers one request of the protocol after the other, from the model set in force."""

    def __init__(
        self, live: Callable[[], Scoring | None], *, keys: KeyRing, metrics: Metrics, version: str
    ) -> None:
        """`live` returns the model set in force, `version` is the server's own."""
        self._live = live
        self._keys = keys
        self._metrics = metrics
        self._version = version
        self._body = Body(InferenceRequest)

    async def server(self, request: Request) -> Response:
        """Say what the server is."""
        self._keys.admit(request.headers, Use.PREDICT)
        return _answer(ServerMetadata(name=MODEL, version=self._version))

    async def server_live(self, _request: Request) -> Response:
        """Say that the process answers."""
        return _answer(ServerState(live=True, ready=self._live() is not None))

    async def server_ready(self, _request: Request) -> Response:
        """Say whether there is a model set to answer with: 503 where not."""
        ready = self._live() is not None
        return _answer(ServerState(live=True, ready=ready), status=_ready_status(ready))

    async def model_ready(self, request: Request) -> Response:
        """Say whether the model, or a version of it, can be asked: 503 where there is none."""
        models = self._live()
        if models is not None:
            _check_names(request, version=models.version)
        ready = models is not None
        return _answer(ModelState(name=MODEL, ready=ready), status=_ready_status(ready))

    async def described(self, request: Request) -> Response:
        """Say what the model takes and gives."""
        self._keys.admit(request.headers, Use.PREDICT)
        return _answer(metadata(self._model(request)))

    async def inferred(self, request: Request) -> Response:
        """Score the rows that were sent."""
        self._keys.admit(request.headers, Use.PREDICT)
        models = self._model(request)
        if _BINARY in request.headers:
            raise refused(
                "Binary tensors were sent, and this server does not take them.",
                "Send the data as JSON (in tritonclient: binary_data=False).",
                field=_BINARY,
            )
        body = await read_body(
            request.headers,
            request.receive,
            untyped=True,  # clients of the protocol send no content type
            limit_bytes=LIMIT_BYTES,
        )
        asked = self._read(body)
        if asked.inputs[0].shape[0] <= _ROWS_AT_ONCE:
            return _answer(infer(asked, models=models))
        return _answer(await asyncio.to_thread(infer, asked, models=models))

    def told(self, handle: Handler) -> Handler:
        """Return the handler with its refusals told as the protocol's clients read them."""

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # the application tells, and logs, what nobody foresaw
                problem = as_problem(error)
                if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                self._metrics.count_problem("inference", problem.status)
                return _refusal(problem)

        return handled

    def _model(self, request: Request) -> Scoring:
        models = self._live()
        if models is None:
            raise ProblemError(
                404,
                "No model set is promoted, or it cannot be loaded.",
                fix="Promote one with `callworth promote`; /health/ready says what is wrong.",
            )
        _check_names(request, version=models.version)
        return models

    def _read(self, body: bytes) -> InferenceRequest:
        try:
            return self._body.decode(body)
        except ProblemError as error:
            if error.status != HTTPStatus.BAD_REQUEST or b"NaN" not in body:
                raise _as_the_protocol(error) from None
        try:  # NaN is no JSON, and Python's clients write it all the same
            read = json.loads(body, parse_constant=_absent)
            return self._body.decode(_encode(read))
        except ProblemError as error:
            raise _as_the_protocol(error) from None
        except (ValueError, RecursionError) as error:
            raise refused(
                f"The body is not JSON: {error}.", "Send one JSON object.", field="body"
            ) from None


def build_inference(
    live: Callable[[], Scoring | None], *, keys: KeyRing, metrics: Metrics, version: str
) -> APIRouter:
    """Return the endpoints; `live` returns the model set in force, or None."""
    inference = Inference(live, keys=keys, metrics=metrics, version=version)
    router = APIRouter()
    handlers: tuple[tuple[tuple[Endpoint, ...], Handler], ...] = (
        ((SERVER,), inference.server),
        ((SERVER_LIVE,), inference.server_live),
        ((SERVER_READY,), inference.server_ready),
        (METADATA, inference.described),
        (READY, inference.model_ready),
        (INFER, inference.inferred),
    )
    for endpoints, handle in handlers:
        for one in endpoints:
            router.add_route(one.path, inference.told(handle), methods=[one.method])
    return router


def _check_names(request: Request, *, version: str) -> None:
    """Raise ProblemError 404 where the path names another model or version."""
    for name, known in (("name", MODEL), ("version", version)):
        asked = request.path_params.get(name, known)
        if asked != known:
            raise ProblemError(
                404,
                f"There is no model {'version ' * (name == 'version')}'{asked[:80]}'.",
                fix=f"In force is '{known}'.",
                field=name,
                allowed=(known,),
            )


def _as_the_protocol(error: ProblemError) -> ProblemError:
    """Return the refusal with the status that the protocol has for a request that does not fit."""
    if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return error
    return ProblemError(400, error.fact, fix=error.fix, field=error.field, allowed=error.allowed)


def _refusal(error: ProblemError) -> Response:
    told = msgspec.structs.asdict(error.document)
    return error.response(InferenceProblem(**told, error=f"{error.fact} {error.fix}"))


def _answer(value: object, *, status: int = 200) -> Response:
    return Response(_encode(value), status_code=status, media_type="application/json")


def _ready_status(ready: bool) -> int:
    return 200 if ready else 503


def _absent(constant: str) -> None:
    if constant != "NaN":
        raise ValueError(f"it holds {constant}")
