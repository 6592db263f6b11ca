"""A PostgreSQL server of a test's own: in a folder of its own, by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Cluster:
    """One server over a Unix socket; `stop` is as sudden as a loss of power."""

    def __init__(self, folder: Path, *, user: str, programs: Path) -> None:
        self._folder, self._user, self._programs = folder, user, programs
        self.address = f"postgresql:///postgres?host={folder}&user=callworth"

    def make(self) -> None:
        self._run("initdb", "-D", self._data, "-U", "callworth", "-A", "trust", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder}"
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user if os.geteuid() == 0 else None
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True, stdout=subprocess.DEVNULL, user=user, cwd=self._folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a running server; skip the test where PostgreSQL or psycopg is not installed."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgresql`)")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed (apt-get install postgresql)")
    user = "nobody"
    folder = Path(tempfile.mkdtemp(prefix="callworth-postgresql-"))
    if os.geteuid() == 0:
        found = pwd.getpwnam(user)
        os.chown(folder, found.pw_uid, found.pw_gid)
    made = Cluster(folder, user=user, programs=programs)
    try:
        made.make()
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """Return the folder of initdb and pg_ctl; Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None
