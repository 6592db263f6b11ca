"""The peers' own environments: one folder each, made once by pip from package names."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load.processes import DidNotStartError

_INSTALLED = "installed.txt"


def python_of(name: str, *, packages: Sequence[str], folder: Path) -> Path:
    """Return the Python of the environment `folder`/`name`, made if it is not there.

    Raises DidNotStartError with pip's last words where it cannot be made.
    """
    environment = folder / name
    python = environment / "bin" / "python"
    done = environment / _INSTALLED
    wanted = "\n".join(packages) + "\n"
    if python.exists() and done.exists() and done.read_text() == wanted:
        return python
    print(f"  {name}: installing {', '.join(packages)} into {environment}", flush=True)
    venv.create(environment, with_pip=True)
    asked = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        words = (said.stderr or said.stdout).strip().splitlines()[-2:]
        raise DidNotStartError(f"pip could not install it: {' / '.join(words)}")
    done.write_text(wanted)
    return python


def versions(python: Path, packages: Sequence[str]) -> str:
    """Return what is installed of these packages, such as `litserve 0.2.19`."""
    asked = (
        "import sys, importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    )
    said = subprocess.run(
        [python, "-c", asked, *packages], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "of unknown version"
