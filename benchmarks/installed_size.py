"""Print how large the installation is, and its largest packages."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1_000_000


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Install each lock into an empty environment and print its size."""
    for lock in ("requirements.txt", "requirements-serving.txt"):
        with tempfile.TemporaryDirectory() as scratch:
            environment = Path(scratch, "venv")
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
            subprocess.run(
                [environment / "bin" / "python", "-m", "pip", "install", "-q",
                 "--require-hashes", "-r", ROOT / lock],
                check=True, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            total = size_of(environment)
            packages = len(list(environment.glob("lib/python*/site-packages/*.dist-info")))
            print(f"{lock}: {total / MEGABYTE:,.0f} MB, {packages} packages")


if __name__ == "__main__":
    main()
