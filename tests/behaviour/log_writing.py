"""A process that writes to a decision log until it is killed; it prints what is acknowledged.

`python log_writing.py FILE NAME` adds decisions durably, eight at a time, and outcomes for every
tenth, and prints `d ID` or `o ID` once they are on disk.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from serving.log import DecisionLog
from serving.log_entry import LoggedDecision, LoggedOutcome, instant_text

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def a_decision(decision_id: str, *, at: datetime = NOW) -> LoggedDecision:
    """Return a decision of this id."""
    return LoggedDecision(
        decision_id, "c-1", "main", "main-1", "phone", instant_text(at), "strategy", None, "first",
        "sales_first", "term_life", "on", 0.95, "s", "17", "pbx", 210, "{}", '{"note":"' + "x" * 900
        + '"}', "0f1e",
    )  # fmt: skip


async def _write(log: DecisionLog, name: str) -> None:
    numbers = count()

    async def one_by_one() -> None:
        while True:
            decision_id = f"{name}-{next(numbers)}"
            if await log.add_durably(a_decision(decision_id), limit_seconds=30.0):
                os.write(1, f"d {decision_id}\n".encode())
            if decision_id.endswith("0"):
                await log.store(LoggedOutcome(decision_id, "term_life", True, 510.0, NOW, NOW))
                os.write(1, f"o {decision_id}\n".encode())

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(one_by_one())


def main() -> None:
    """Write until killed."""
    log = DecisionLog(Path(sys.argv[1]))
    log.start()
    asyncio.run(_write(log, sys.argv[2]))


if __name__ == "__main__":
    main()
