"""Where a server keeps its decision log, as its settings say."""

from __future__ import annotations

from serving.errors import SettingsError
from serving.log_file import LogFile
from serving.log_postgresql import PREFIXES, postgresql_log
from serving.log_store import LogStore
from serving.settings import Settings


def place_of(settings: Settings) -> LogStore:
    """Return the place of the log, not yet opened; SettingsError where there is no such kind."""
    log = settings.log
    if log is None or "://" not in log:
        return LogFile(settings.log_file)
    if log.startswith(PREFIXES):
        return postgresql_log(log)
    kind = log.partition("://")[0]
    raise SettingsError(
        f"CALLWORTH_LOG begins with '{kind}://', and there is no such log.",
        fix="Give the path of a file, or an address that begins with postgresql://.",
    )
