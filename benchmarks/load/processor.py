"""How much processor time a server and what it has started have used, from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.load.memory import children

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return the seconds of processor time of a process, its threads and its children, so far.

    On a machine that others use too this is the figure that depends least on them.
    """
    if not Path("/proc").is_dir():
        return float("nan")
    total, left = 0.0, [pid]
    while left:
        one = left.pop()
        try:
            after_name = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            left += children(one)
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += (int(after_name[11]) + int(after_name[12])) / _TICKS_A_SECOND  # utime, stime
    return total
