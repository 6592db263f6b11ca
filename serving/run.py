"""Starting the server: one process, or several that share the port."""

from __future__ import annotations

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from serving.key_file import demand_keys
from serving.listening import demand_free, raise_open_files
from serving.settings import METRICS_FOLDER, Settings
from serving.sign_in.opening import open_sign_in
from serving.structured_logs import write_logs
from serving.tls import check_tls

if TYPE_CHECKING:
    from fastapi import FastAPI

_log = logging.getLogger("callworth.serving")

_GRACE_SECONDS = 10
_IDLE_SECONDS = 5
_COLLECTED_AFTER = (20_000, 20, 50)


def serve(settings: Settings) -> None:
    """Serve until interrupted; answers in hand are given and the log is written before the end.

    Raises KeysRequiredError, KeysFileError, SignInFileError, PortTakenError or SettingsError (of
    TLS) before anything is opened.
    """
    demand_keys(settings)
    open_sign_in(settings.home)
    check_tls(settings.tls_certificate, settings.tls_key)
    demand_free(settings.host, settings.port)
    raise_open_files()
    write_logs(settings.log_format)
    scheme = "http" if settings.tls_certificate is None else "https"
    _log.info("Callworth answers at %s://%s:%d", scheme, settings.host, settings.port)
    # After an orderly end uvicorn raises the signal again; it has been obeyed by then, so that
    # both ways to stop a server end it with success.
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        if settings.workers == 1:
            app = _application(settings)
            uvicorn.Server(uvicorn.Config(app, **_chosen(settings))).run()
        else:
            _serve_together(settings)


def _serve_together(settings: Settings) -> None:
    os.environ.update(settings.as_environment())
    with tempfile.TemporaryDirectory(prefix="callworth-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        uvicorn.run(
            "serving.run:app_from_environment",
            factory=True,
            workers=settings.workers,
            **_chosen(settings),
        )


def app_from_environment() -> FastAPI:
    """Return the application for the settings in CALLWORTH_* variables, for a worker process."""
    settings = Settings.from_environment()
    write_logs(settings.log_format)
    threading.Thread(target=_end_with_the_parent, name="parent", daemon=True).start()
    return _application(settings)


def _application(settings: Settings) -> FastAPI:
    # Only here: the process that starts several workers needs none of what they are made of.
    from serving.app import build_app

    app = build_app(settings, apart=True)
    _spare_the_collector()
    return app


def _end_with_the_parent() -> None:
    """End this worker in order once the server that started it was killed: it holds the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _spare_the_collector() -> None:
    """Let the garbage collector look at what requests leave behind, not at what always stays.

    An answer makes no cycles; a full collection over everything imported would hold up contacts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)


def _chosen(settings: Settings) -> dict[str, Any]:
    """Return what uvicorn is told, in one process as in several.

    Not `limit_concurrency`: it counts connections, so that whoever holds many open without asking
    anything would make it refuse the others.
    """
    return {
        "host": settings.host,
        "port": settings.port,
        "http": "serving.direct:DirectProtocol",  # imported by who answers, not by the starter
        "ws": "none",  # nothing here speaks it
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "access_log": False,
        "log_config": None,  # its lines go the way of ours
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": False,  # the application looks at them, where they matter
        "timeout_keep_alive": _IDLE_SECONDS,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
