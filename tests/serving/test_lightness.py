from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("pandas", "sklearn", "scipy", "xgboost", "mlflow", "feast", "duckdb", "pyarrow")
ANSWERING = ("fastapi", "starlette.requests", "numpy", "onnxruntime", "prometheus_client")


def _imported(what: str, among: tuple[str, ...], *, root: Path) -> str:
    script = (
        f"import sys; import {what}; print([name for name in {among!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_server_imports_nothing_that_learns(root: Path) -> None:
    assert _imported("serving.run, serving.app, serving.direct", HEAVY, root=root) == "[]"


def test_who_only_starts_workers_imports_nothing_that_answers(root: Path) -> None:
    assert _imported("serving.run", ANSWERING, root=root) == "[]"


def test_no_middleware_of_the_slow_kind_is_used(root: Path) -> None:
    slow = "Base" + "HTTPMiddleware"
    used = [p.name for p in (root / "serving").rglob("*.py") if slow in p.read_text()]
    assert not used
