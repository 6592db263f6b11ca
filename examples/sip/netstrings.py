"""The frames of Kamailio's evapi: `5:hello,`."""

from __future__ import annotations

import asyncio

LONGEST = 64 * 1024


class FrameError(Exception):
    """What came is no netstring."""


def frame(body: bytes) -> bytes:
    """Return the body as a netstring."""
    return b"%d:%s," % (len(body), body)


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next body; FrameError where the stream is none, IncompleteReadError at its end."""
    head = await reader.readuntil(b":")
    digits = head[:-1].strip()
    if not digits.isdigit() or int(digits) > LONGEST:
        raise FrameError(f"a netstring begins with its length, not with {digits[:20]!r}")
    body = await reader.readexactly(int(digits))
    if await reader.readexactly(1) != b",":
        raise FrameError("a netstring ends with a comma")
    return body
