"""The secret of a folder of strategy sets: without it, nobody can try out which number is in one.

A phone number has so few digits that a plain hash of it is found by trying them all.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from routing.errors import StrategyFileDamagedError

SECRET_FILE = "index.key"
_BYTES = 32


def secret_of(folder: Path) -> bytes:
    """Return the folder's secret, made at its first use, readable by its owner alone.

    Raises StrategyFileDamagedError where the file holds something else.
    """
    path = folder / SECRET_FILE
    if not path.exists():
        staged = folder / f".{SECRET_FILE}.{secrets.token_hex(8)}.tmp"
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(staged, path)  # whoever comes second takes the first one's
        except FileExistsError:
            pass
        finally:
            staged.unlink(missing_ok=True)
    return read_secret(folder)


def read_secret(folder: Path) -> bytes:
    """Return the folder's secret; StrategyFileDamagedError where there is none to be read."""
    path = folder / SECRET_FILE
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error)) from error
    if len(secret) != _BYTES:
        raise _unusable(path, f"it holds {len(secret)} bytes, not {_BYTES}")
    return secret


def fingerprint(secret: bytes) -> str:
    """Return what tells two secrets apart and gives neither away."""
    return blake2b(b"callworth index", digest_size=8, key=secret).hexdigest()


def _unusable(path: Path, why: str) -> StrategyFileDamagedError:
    return StrategyFileDamagedError(
        f"{path} cannot be used: {why}.",
        fix="Restore it, or remove it and form the strategies again: nobody is found without it.",
    )
