"""A secret that the workers of one workspace share, in a file for the server's user alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def shared_secret(file: Path) -> bytes:
    """Return the secret in the file, made at first need; one of this process if it cannot be."""
    made = secrets.token_bytes(SECRET_BYTES)
    mine = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            mine.unlink(missing_ok=True)
            mine.touch(mode=0o600)
            mine.write_bytes(made)
            try:
                os.link(mine, file)  # whole or not at all, and only if no other was first
            except FileExistsError:
                pass
            finally:
                mine.unlink()
        found = file.read_bytes()
    except OSError:
        return made
    return found if len(found) == SECRET_BYTES else made
