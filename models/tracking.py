"""Where MLflow keeps runs and model sets for a workspace, and how it is kept quiet meanwhile."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

ADDRESS = "MLFLOW_TRACKING_URI"
RUN = "MLFLOW_RUN_ID"
_LOGGERS = ("mlflow", "alembic")
# Switches that MLflow reads when it uses them: no bars and no addresses between our own lines.
_SWITCHES = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_PRINT_MODEL_URLS_ON_CREATION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def tracking_uri(home: Path) -> str:
    """Return the MLflow server that is set, or the workspace's own SQLite file.

    `mlflow run` hands its default (a file in the working folder) down as if it had been set:
    that one does not count.
    """
    given = os.environ.get(ADDRESS, "")
    here = Path.cwd()
    defaults = {f"sqlite:///{here / 'mlflow.db'}", f"file://{here / 'mlruns'}"}
    if given and not (os.environ.get(RUN) and unquote(given) in defaults):
        return given
    return f"sqlite:///{home.resolve() / 'mlflow' / 'mlflow.db'}"


def artifacts_of(home: Path) -> str | None:
    """Return where a new experiment keeps its files; None leaves it to the server that is set."""
    own = tracking_uri(home).endswith("/mlflow/mlflow.db")
    return (home.resolve() / "mlflow" / "artifacts").as_uri() if own else None


def handed_run() -> str | None:
    """Return the run that `mlflow run` opened for this process, or None."""
    return os.environ.get(RUN)


@contextmanager
def quiet(home: Path) -> Iterator[str]:
    """Yield the address, with its folder made and the logs silenced; all is put back after."""
    before = os.environ.get(ADDRESS)
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    address = tracking_uri(home)
    for switch, position in _SWITCHES.items():
        os.environ.setdefault(switch, position)
    if artifacts_of(home):
        (home.resolve() / "mlflow").mkdir(parents=True, exist_ok=True)
    try:
        for name in levels:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            # They are about MLflow's own dependencies: nothing a user of ours can act on.
            warnings.simplefilter("ignore")
            yield address
    finally:
        if before is None:
            os.environ.pop(ADDRESS, None)
        else:
            os.environ[ADDRESS] = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
