"""MLflow: whether where runs and model sets are kept can be reached."""

from __future__ import annotations

import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

from models.tracking import tracking_uri
from pipelines.doctor.finding import Finding, Looked, note, well, wrong

_SQLITE = "sqlite:///"
_TIMEOUT_SECONDS = 5.0


def mlflow(looked: Looked) -> Iterator[Finding]:
    """Look whether MLflow's store or server answers."""
    address = tracking_uri(looked.home)
    if address.startswith(_SQLITE):
        yield from _file(address.removeprefix(_SQLITE))
    elif address.startswith(("http://", "https://")):
        yield from _server(address)
    else:
        yield note("mlflow", f"Runs are kept at {address}; that place was not looked at.")


def _file(path: str) -> Iterator[Finding]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            ((count,),) = store.execute("SELECT count(*) FROM runs").fetchall()
    except sqlite3.OperationalError:
        yield note("mlflow", f"There are no runs yet at {path}.", "`callworth train` makes it.")
    except sqlite3.DatabaseError as error:
        yield wrong("mlflow", f"{path} cannot be read: {error}.", "Restore it from a backup.")
    else:
        yield well("mlflow", f"{count} runs at {path}")


def _server(address: str) -> Iterator[Finding]:
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=_TIMEOUT_SECONDS):
            yield well("mlflow", f"{address} answers")
    except (urllib.error.URLError, OSError) as error:
        yield wrong(
            "mlflow",
            f"{address} does not answer: {error}.",
            "Start it, or correct MLFLOW_TRACKING_URI; without it the home's own store is taken.",
        )
