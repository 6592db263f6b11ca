from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("pandas", "sklearn", "scipy", "xgboost", "mlflow", "feast", "duckdb", "pyarrow")


def test_the_server_imports_nothing_that_learns(root: Path) -> None:
    script = (
        f"import sys; import serving.run;print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_middleware_of_the_slow_kind_is_used(root: Path) -> None:
    slow = "Base" + "HTTPMiddleware"
    used = [p.name for p in (root / "serving").rglob("*.py") if slow in p.read_text()]
    assert not used
