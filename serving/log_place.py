"""Where a server keeps its decision log, as its settings say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from serving.errors import SettingsError
from serving.log_apart import ApartStore
from serving.log_file import LogFile
from serving.log_postgresql import PREFIXES, postgresql_log
from serving.log_store import LogStore

if TYPE_CHECKING:  # the process that only writes needs none of what settings bring
    from serving.settings import Settings


def place_of(settings: Settings, *, apart: bool = False) -> LogStore:
    """Return the place of the log, not yet opened; `apart`: a process of its own writes it.

    Raises SettingsError where there is no such kind.
    """
    place = place_at(settings.log, file=settings.log_file)
    if apart:
        return ApartStore(settings.log_file, log=settings.log, name=place.name)
    return place


def place_at(log: str | None, *, file: Path) -> LogStore:
    """Return the place of the log: the file, unless `log` is the address of another kind."""
    if log is None or "://" not in log:
        return LogFile(file)
    if log.startswith(PREFIXES):
        return postgresql_log(log)
    kind = log.partition("://")[0]
    raise SettingsError(
        f"CALLWORTH_LOG begins with '{kind}://', and there is no such log.",
        fix="Give the path of a file, or an address that begins with postgresql://.",
    )
