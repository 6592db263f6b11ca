"""What a process holds in memory, from Linux's /proc/PID/smaps_rollup and smaps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_KIBIBYTE, _MEGABYTE = 1024, 1e6


@dataclass(frozen=True)
class Weight:
    """Megabytes of 10^6 bytes: `own` (USS) is held by nobody else, `fair` (PSS) shares out pages.

    `file` is the resident part of files and code (shared, and droppable where clean), `anonymous`
    is the process's own data, `mapped` the resident part of files whose path holds the name asked
    for.
    """

    resident: float
    fair: float
    own: float
    file: float
    anonymous: float
    mapped: float = 0.0


def weigh(pid: int, *, mapped: str = "") -> Weight:
    """Return the weight of a process; `mapped` is part of the path of mapped files to tell of."""
    rollup = _fields(Path(f"/proc/{pid}/smaps_rollup").read_text())
    resident, anonymous = rollup["Rss"], rollup["Anonymous"]
    return Weight(
        resident=resident,
        fair=rollup["Pss"],
        own=rollup["Private_Clean"] + rollup["Private_Dirty"],
        file=resident - anonymous,
        anonymous=anonymous,
        mapped=_resident_of(pid, mapped) if mapped else 0.0,
    )


def peak() -> float:
    """Return the most megabytes that this process has held so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM"))
    return int(line.split()[1]) * _KIBIBYTE / _MEGABYTE


def children(pid: int) -> list[int]:
    """Return the processes that this one has started, in order."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def command_of(pid: int) -> str:
    """Return the command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()


def _fields(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        if rest.endswith("kB"):
            found[name] = int(rest.split()[0]) * _KIBIBYTE / _MEGABYTE
    return found


def _resident_of(pid: int, part: str) -> float:
    total, counted = 0.0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first = line.split(" ", 1)[0]
        if not first.endswith(":"):
            counted = part in line
        elif counted and first == "Rss:":
            total += int(line.split()[1]) * _KIBIBYTE / _MEGABYTE
    return total
