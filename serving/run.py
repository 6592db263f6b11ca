"""Starting the server: one process, or several that share the port."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import tempfile

import uvicorn
from fastapi import FastAPI

from serving.app import build_app
from serving.identity import KeyRing
from serving.metrics import SHARED_FOLDER
from serving.settings import Settings

_log = logging.getLogger("callworth.serving")

_GRACE_SECONDS = 10
_COLLECTED_AFTER = (20_000, 20, 50)


def serve(settings: Settings) -> None:
    """Serve until interrupted; answers in hand are given and the log is written before the end.

    Raises KeysRequiredError or KeysFileError before anything is opened.
    """
    KeyRing.opened(settings)
    _say_what_matters()
    _log.info("Callworth answers at http://%s:%d", settings.host, settings.port)
    # After an orderly end uvicorn raises the signal again; it has been obeyed by then, so that
    # both ways to stop a server end it with success.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        if settings.workers == 1:
            app = build_app(settings)
            _spare_the_collector()
            uvicorn.Server(_configuration(settings, app)).run()
        else:
            _serve_together(settings)


def _serve_together(settings: Settings) -> None:
    os.environ.update(settings.as_environment())
    with tempfile.TemporaryDirectory(prefix="callworth-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        uvicorn.run(
            "serving.run:app_from_environment",
            factory=True,
            workers=settings.workers,
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )


def app_from_environment() -> FastAPI:
    """Return the application for the settings in CALLWORTH_* variables, for a worker process."""
    _say_what_matters()
    app = build_app(Settings.from_environment())
    _spare_the_collector()
    return app


def _spare_the_collector() -> None:
    """Let the garbage collector look at what requests leave behind, not at what always stays.

    An answer makes no cycles; a full collection over everything imported would hold up contacts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)


def _configuration(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _say_what_matters() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("callworth").setLevel(logging.INFO)
