"""The container runs no one as root, installs what is locked alone, and needs no other machine."""

from __future__ import annotations

import ast
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest


@pytest.fixture
def lines(root: Path) -> list[tuple[str, str]]:
    """Return the instructions: each word with what follows it, continued lines joined."""
    text = (root / "deploy" / "Containerfile").read_text()
    whole = re.sub(r"\\\n\s*", " ", text)
    stated = [line for line in whole.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in stated]


def _all(lines: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for first, rest in lines if first == word]


def test_the_server_is_not_root(lines: list[tuple[str, str]]) -> None:
    (user,) = _all(lines, "USER")
    assert user.split(":")[0].isdigit()
    assert int(user.split(":")[0]) > 0
    words = [first for first, _ in lines]
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_every_package_is_locked_with_its_hash(lines: list[tuple[str, str]]) -> None:
    installs = [one for one in _all(lines, "RUN") if "pip install" in one]
    assert len(installs) == 1
    assert "--require-hashes -r requirements-serving.txt" in installs[0]
    assert not any("apt-get" in one or "curl" in one for one in _all(lines, "RUN"))


def test_no_registry_is_named(lines: list[tuple[str, str]]) -> None:
    for image in (*_all(lines, "FROM"), *_all(lines, "ARG")):
        assert "/" not in image.replace("${BASE}", ""), image


def test_what_is_copied_exists_and_holds_every_package(
    lines: list[tuple[str, str]], root: Path
) -> None:
    copied = [one.split()[0] for one in _all(lines, "COPY") if not one.startswith("--from")]
    assert all((root / one).exists() for one in copied)
    packages = {"features/", "models/", "routing/", "serving/", "pipelines/"}
    assert packages | {"requirements-serving.txt"} == set(copied)


def test_only_variables_that_the_server_reads_are_set(
    lines: list[tuple[str, str]], root: Path
) -> None:
    guide = (root / "docs" / "http.md").read_text()
    (environment,) = _all(lines, "ENV")
    names = re.findall(r"(\w+)=", environment)
    assert {"CALLWORTH_HOME", "CALLWORTH_HOST"} <= set(names)
    for name in names:
        assert name == "PATH" or name.startswith("PYTHON") or f"`{name}`" in guide, name


def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(
    lines: list[tuple[str, str]],
) -> None:
    (check,) = _all(lines, "HEALTHCHECK")
    python, flag, code = ast.literal_eval(check.partition("CMD ")[2])
    assert (python, flag) == ("python", "-c")
    server = HTTPServer(("127.0.0.1", 0), _Alive)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = code.replace("8350", str(server.server_port))
    exec(code, {})
    assert server.server_port and _Alive.asked == ["/health/live"]
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match="refused"):
        exec(code, {})


class _Alive(BaseHTTPRequestHandler):
    """Answers as the server does."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""
