"""The bridge: reads calls from Kamailio's evapi, asks Callworth, and writes where each goes.

`python -m examples.sip.bridge --evapi PORT --server PORT` runs until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from typing import Any

from examples.sip.asking import Asker
from examples.sip.netstrings import FrameError, frame, read_frame

LOOPBACK = "127.0.0.1"
PATIENCE_MS = 200
# Callworth sends its default before its deadline; ours is a little longer.
TRAVEL_MS = 40
CONNECTED = "connected"
_RETRY_SECONDS = 0.2


class Bridge:
    """Answers every call that Kamailio tells of; without a decision the answer holds no routes."""

    def __init__(self, asker: Asker, *, deadline_ms: int) -> None:
        self._asker = asker
        self._deadline_ms = deadline_ms
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, port: int) -> None:
        """Serve the Kamailio at this port for good; connect again where it was lost."""
        while True:
            with contextlib.suppress(OSError, FrameError, asyncio.IncompleteReadError):
                await self._serve(*await asyncio.open_connection(LOOPBACK, port))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        print(CONNECTED, flush=True)
        try:
            while True:
                body = await read_frame(reader)
                # Never waits for an answer here: a reader that is slow holds up Kamailio's workers.
                task = asyncio.create_task(self._one(body, writer))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        finally:
            writer.close()

    async def _one(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self.decide(body)
        if answer is not None and not writer.is_closing():
            writer.write(frame(answer))

    async def decide(self, body: bytes) -> bytes | None:
        """Return what resumes the call; None where it cannot be known which call it is."""
        call = _object(body)
        if not isinstance(call.get("tindex"), int) or not isinstance(call.get("tlabel"), int):
            return None
        asked = {name: call.get(name) for name in ("call_id", "from", "to")}
        asked["from"] = asked["from"] or "anonymous"
        asked["said"] = {"deadline_ms": str(self._deadline_ms)}
        found = await self._asker.post(json.dumps(asked).encode())
        answer = {"tindex": call["tindex"], "tlabel": call["tlabel"]}
        routing = _object(found or b"")
        if routing.get("routes"):
            answer["routing"] = routing
        return json.dumps(answer).encode()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def main() -> None:
    """Run the bridge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evapi", type=int, required=True, help="Kamailio's evapi port")
    parser.add_argument("--server", type=int, required=True, help="Callworth's port")
    parser.add_argument("--patience-ms", type=int, default=PATIENCE_MS, help="for one answer")
    given = parser.parse_args()
    patience = (given.patience_ms + TRAVEL_MS) / 1000
    asker = Asker(LOOPBACK, given.server, patience_seconds=patience)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Bridge(asker, deadline_ms=given.patience_ms).run(given.evapi))


if __name__ == "__main__":
    main()
