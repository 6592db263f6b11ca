"""A server whose disk is slow or whose clock jumps; what befalls it stands in a file of its home.

    python tests/behaviour/faulty_server.py

HOME/commit_seconds is how long each commit of the decision log takes; HOME/clock_hours is how far
the clock is off. Both may change while the server runs.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from serving.app import build_app
from serving.log_file import LogFile
from serving.log_store import Answer, Group
from serving.settings import Settings

SECONDS, HOURS = "commit_seconds", "clock_hours"


def _said(file: Path) -> float:
    try:
        return float(file.read_text())
    except (OSError, ValueError):  # not there, or being written
        return 0.0


def serve(settings: Settings) -> None:
    """Serve with the faults that the home says."""
    write = LogFile.write

    def write_late(self: LogFile, group: Group) -> list[Answer]:
        time.sleep(_said(settings.home / SECONDS))
        return write(self, group)

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(hours=_said(settings.home / HOURS))

    LogFile.write = write_late  # type: ignore[method-assign]
    app = build_app(settings, clock=clock)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    serve(Settings.from_environment())
