"""The floor: a raw ASGI application that reads a contact with msgspec and writes it back."""

from __future__ import annotations

import msgspec
from starlette.types import Receive, Scope, Send

from routing.contact import Contact

_decode = msgspec.json.Decoder(Contact).decode
_encode = msgspec.json.Encoder().encode


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with its own body."""
    if scope["type"] != "http":  # the lifespan: uvicorn goes on without
        return
    message = await receive()
    answer = _encode(_decode(message["body"]))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
