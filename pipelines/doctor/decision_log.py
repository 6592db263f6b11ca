"""The decision log: whether it is whole, whether decisions are missing, how long it has grown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines.doctor.finding import Finding, Looked, note, well, wrong

_MOST_JOURNAL_BYTES = 256 * 2**20


def log(looked: Looked) -> Iterator[Finding]:
    """Look at the file, its journal, and the gaps that it tells of itself."""
    file = looked.settings.log_file
    if not file.exists():
        yield note("log", f"There is no decision log yet at {file}; the server makes it.")
        return
    try:
        with closing(_opened(file)) as opened:
            ((state,),) = opened.execute("PRAGMA quick_check(1)").fetchall()
            ((rows,),) = opened.execute("SELECT count(*) FROM decisions").fetchall()
            gaps = _gaps(opened)
    except sqlite3.Error as error:
        yield wrong(
            "log",
            f"{file} cannot be read: {error}.",
            "Leave it: the running server puts it aside and begins a new one. Keep the old file.",
        )
        return
    if state != "ok":
        yield wrong("log", f"{file} is damaged: {state}.", "Restart the server: it begins anew.")
    else:
        yield well("log", f"{rows:,} decisions in {file}")
    yield from gaps
    yield from _beside(looked)


def _opened(file: Path) -> sqlite3.Connection:
    """Open the log for reading, without a trace.

    Where there is no journal nobody writes; opened as usual, one would be made that belongs to
    whoever looks, and the server could not write it.
    """
    journal = file.with_name(f"{file.name}-wal")
    how = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)


def _gaps(opened: sqlite3.Connection) -> list[Finding]:
    try:
        found = opened.execute(
            "SELECT count(*), coalesce(sum(decisions), 0), max(ended_at) FROM gaps"
        ).fetchone()
        latest = opened.execute("SELECT why FROM gaps ORDER BY ended_at DESC LIMIT 1").fetchone()
    except sqlite3.OperationalError:  # a log of an earlier version
        return []
    if not found[0]:
        return [well("log gaps", "no decision is missing")]
    return [
        wrong(
            "log gaps",
            f"{found[0]} gaps, {found[1]:,} decisions missing, the last at {found[2]}: {latest[0]}",
            "Mend the cause (a full or slow disk, a killed server); what is missing stays missing.",
        )
    ]


def _beside(looked: Looked) -> Iterator[Finding]:
    file = looked.settings.log_file
    aside = sorted(one.name for one in file.parent.glob(f"{file.stem}.damaged-*{file.suffix}"))
    if aside:
        fix = "Save what SQLite's .recover gives, then remove it."
        yield note("log", f"Put aside as damaged: {', '.join(aside)}.", fix)
    journal = file.with_name(f"{file.name}-wal")
    size = journal.stat().st_size if journal.exists() else 0
    if size > _MOST_JOURNAL_BYTES:
        yield wrong(
            "log",
            f"The journal {journal.name} has grown to {size / 2**20:,.0f} MiB: somebody reads the "
            "log and does not let go.",
            "End the SQLite shells and replays that hold it open.",
        )
