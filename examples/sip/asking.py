"""Asking Callworth over HTTP/1.1: connections that are kept, and a deadline for every answer."""

from __future__ import annotations

import asyncio

PATH = "/v1/adapters/kamailio"

# A server that is gone or late, or whose answer is cut, too long or no HTTP.
_WRONG = (
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    ValueError,
)


class Asker:
    """Asks one server; whatever goes wrong, the answer is None in time."""

    def __init__(self, host: str, port: int, *, patience_seconds: float, key: str = "") -> None:
        self._host = host
        self._port = port
        self._patience = patience_seconds
        self._key = key
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes) -> bytes | None:
        """Return the body of a 200, or None: refused, broken, not found or too late."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._exchange(body)
        except _WRONG:
            return None

    def close(self) -> None:
        """Close the connections that are kept."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _exchange(self, body: bytes) -> bytes | None:
        while self._idle:
            try:
                return await self._over(*self._idle.pop(), body)
            except (ConnectionError, asyncio.IncompleteReadError):
                continue  # kept too long: the server has closed it
        connection = await asyncio.open_connection(self._host, self._port)
        return await self._over(*connection, body)

    async def _over(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes
    ) -> bytes | None:
        try:
            key = f"x-api-key: {self._key}\r\n" if self._key else ""
            head = (
                f"POST {PATH} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\n{key}"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            status, length = _head(await reader.readuntil(b"\r\n\r\n"))
            answer = await reader.readexactly(length)
        except BaseException:
            writer.close()  # a late answer must not be taken for the next call's
            raise
        self._idle.append((reader, writer))
        return answer if status == 200 else None


def _head(head: bytes) -> tuple[int, int]:
    """Return the status and the length of the body; ValueError where it has none."""
    first, *lines = head.decode("latin-1").lower().split("\r\n")
    for line in lines:
        name, _, value = line.partition(":")
        if name == "content-length":
            return int(first.split(" ")[1]), int(value)
    raise ValueError(f"no length in an answer that begins with {first[:40]!r}")
