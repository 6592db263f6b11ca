"""A slow way to a server: a relay that hands on every byte so much later.

`python -m examples.sip.delay --port PORT --server PORT --seconds 1` runs until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

LOOPBACK = "127.0.0.1"


async def relay(port: int, server: int, *, seconds: float) -> None:
    """Listen at `port` and hand on what is sent to `server`, `seconds` later."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            their_reader, their_writer = await asyncio.open_connection(LOOPBACK, server)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _hand_on(reader, their_writer, seconds=seconds),
            _hand_on(their_reader, writer, seconds=0.0),
        )

    listening = await asyncio.start_server(connected, LOOPBACK, port)
    async with listening:
        await listening.serve_forever()


async def _hand_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, seconds: float
) -> None:
    with contextlib.suppress(OSError):
        while content := await reader.read(65_536):
            await asyncio.sleep(seconds)
            writer.write(content)
            await writer.drain()
    writer.close()


def main() -> None:
    """Run the relay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where to listen")
    parser.add_argument("--server", type=int, required=True, help="where to hand on to")
    parser.add_argument("--seconds", type=float, required=True, help="how much later")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(relay(given.port, given.server, seconds=given.seconds))


if __name__ == "__main__":
    main()
