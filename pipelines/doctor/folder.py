"""The home folder: whether it can be written, its room, its times, and what killed runs left."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.doctor.finding import Finding, Looked, note, well, wrong

LEAST_BYTES = 2 * 2**30  # the log of a busy day, and one strategy set of a million customers
_SKEW = timedelta(minutes=5)
_LEFTOVER = re.compile(r"\..*\.(\d+)\.(tmp|old)|\.forming")
_LOCKED, _OTHERS = 0o077, 0o007
_MOST_NAMED = 3


def writable(looked: Looked) -> Iterator[Finding]:
    """Look whether the folder is there and can be written."""
    home = looked.home
    if not home.is_dir():
        yield wrong(
            "home",
            f"There is no home folder at {home}.",
            "Name it with --home or CALLWORTH_HOME, or make one: `callworth demo`.",
        )
        return
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        yield wrong(
            "home",
            f"Nothing can be written in {home}: {error.strerror}.",
            f"Give it to the user that runs Callworth: chown -R {os.getuid()} {home}, "
            "and mount it for writing.",
        )
    else:
        yield well("home", f"{home} can be written")


def room(looked: Looked) -> Iterator[Finding]:
    """Look how much room the disk has."""
    if not looked.home.exists():
        return
    free = shutil.disk_usage(looked.home).free
    said = f"{free / 2**30:,.1f} GiB are free on the disk of {looked.home}"
    if free >= LEAST_BYTES:
        yield well("disk", said)
    else:
        yield wrong(
            "disk",
            f"Only {said}; the log and the next strategy set need more.",
            "Make room, or move the home folder; the log can be archived while nothing runs.",
        )


def times(looked: Looked) -> Iterator[Finding]:
    """Look for files that are newer than the clock: one of the two is wrong."""
    newest = max((path for path in _files(looked.home)), key=_written, default=None)
    ahead = _written(newest) - looked.now if newest is not None else timedelta()
    if newest is None or ahead <= _SKEW:
        yield well("clock", "no file is from the future")
    else:
        yield wrong(
            "clock",
            f"{newest} was written {_said(ahead)} after now: this clock is behind, or was.",
            "Set the clock by NTP (`timedatectl`); strategies expire and slots change by it.",
        )


def permissions(looked: Looked) -> Iterator[Finding]:
    """Look who may read what is secret."""
    secret = [
        looked.home / "strategies" / "index.key",
        looked.home / "erased" / "erased.key",
        looked.home / "offers" / ".form-secret",
        looked.home / "sign_in" / ".secret",
        looked.settings.keys_file,
    ]
    open_to_all = [one for one in secret if one.exists() and one.stat().st_mode & _LOCKED]
    for one in open_to_all:
        yield wrong(
            "permissions",
            f"{one} may be read by others (mode {one.stat().st_mode & 0o777:o}).",
            f"Run chmod 600 {one}.",
        )
    if looked.home.exists() and looked.home.stat().st_mode & _OTHERS:
        yield note(
            "permissions",
            f"{looked.home} may be entered by every user of this machine.",
            f"Run chmod -R o= {looked.home}: tables, strategies and the log tell of customers.",
        )
    if not open_to_all:
        yield well("permissions", "secrets are readable by their owner alone")


def leftovers(looked: Looked) -> Iterator[Finding]:
    """Look for what runs that were killed left behind."""
    left = [path for path in _everything(looked.home) if _abandoned(path)]
    if not left:
        yield well("leftovers", "no run that was killed left anything")
        return
    size = sum(path.stat().st_size for path in left if path.is_file())
    named = ", ".join(str(path) for path in left[:_MOST_NAMED])
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    yield note(
        "leftovers",
        f"Killed runs left {named}{more} ({size / 2**20:,.1f} MiB).",
        "The next run of the same step clears its own; these may also be removed by hand.",
    )


def _abandoned(path: Path) -> bool:
    found = _LEFTOVER.fullmatch(path.name)
    if found is None:
        return False
    return found[1] is None or not Path("/proc", found[1]).exists()


def _everything(home: Path) -> Iterator[Path]:
    return iter(sorted(home.rglob("*"))) if home.is_dir() else iter(())


def _files(home: Path) -> Iterator[Path]:
    return (path for path in _everything(home) if path.is_file())


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _said(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes:,.0f} minutes" if minutes < 120 else f"{minutes / 60:,.0f} hours"
