"""Changes of the keys file: a key is made, rotated, and revoked; what else stands there stays."""

from __future__ import annotations

import fcntl
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from features.staging import staged_file
from serving.errors import KeysFileError
from serving.key_file import MOST_HASHES, Entry, Rate, Role, aware, entries_of, text_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
# One key's part of the file: from its [[keys]] to the next, or to the end.
_PART = re.compile(r"^[ \t]*\[\[[ \t]*keys[ \t]*\]\]", re.MULTILINE)


def create_key(
    home: Path,
    *,
    name: str,
    role: str,
    file: Path | None = None,
    ends: datetime | None = None,
    rate: Rate | None = None,
) -> str:
    """Add a key to HOME/keys.toml (or `file`) and return its secret, which is stored nowhere.

    Raises KeysFileError for a name that is taken or not plain, a role that does not exist, or a
    file that is broken.
    """
    if role not in set(Role):
        raise KeysFileError(f"There is no role '{role}'.", fix=f"Roles are: {', '.join(Role)}.")
    if not _NAME.fullmatch(name):
        raise KeysFileError(
            f"{name!r} cannot name a key.", fix="Use up to 63 letters, digits, '.', '_' and '-'."
        )
    secret, digest = _new_secret()
    entry = Entry(
        name=name,
        role=Role(role),
        sha256=digest,
        ends=aware(ends) if ends is not None else None,
        requests_per_second=rate.per_second if rate else None,
        burst=rate.burst if rate else None,
    )
    file = file or home / "keys.toml"
    with _one_writer(file):
        text = text_of(file) if file.exists() else ""
        if text and any(one.name == name for one in entries_of(text, file)):
            raise KeysFileError(f"{file} has a key '{name}' already.", fix="Choose another name.")
        before = f"{text.rstrip()}\n\n" if text.strip() else ""
        _write(file, before + _written(entry))
    return secret


def rotate_key(file: Path, *, name: str) -> str:
    """Give a key a second secret and return it; both are taken until `retire_secret`.

    Raises KeysFileError where there is no such key, or where it has two already.
    """
    secret, digest = _new_secret()

    def rotated(entry: Entry) -> Entry:
        if len(entry.hashes) >= MOST_HASHES:
            raise KeysFileError(
                f"The key '{name}' is being rotated already.",
                fix=f"End that first: `callworth keys rotate {name} --retire`.",
            )
        return msgspec.structs.replace(entry, sha256=[*entry.hashes, digest])

    _change(file, name, rotated)
    return secret


def retire_secret(file: Path, *, name: str) -> None:
    """Take away the older of a key's two secrets; raise KeysFileError where there is but one."""

    def retired(entry: Entry) -> Entry:
        if len(entry.hashes) < MOST_HASHES:
            raise KeysFileError(
                f"The key '{name}' has one secret only.",
                fix=f"Give it a second with `callworth keys rotate {name}`,"
                f" or end it with `callworth keys revoke {name}`.",
            )
        return msgspec.structs.replace(entry, sha256=entry.hashes[-1])

    _change(file, name, retired)


def revoke_key(file: Path, *, name: str, now: datetime) -> None:
    """End a key now. Its entry stays, so that the file never stands empty and its name is kept."""
    _change(file, name, lambda entry: msgspec.structs.replace(entry, ends=now))


def _change(file: Path, name: str, change: Callable[[Entry], Entry]) -> None:
    with _one_writer(file):
        text = text_of(file)
        entries = entries_of(text, file)
        at = next((at for at, one in enumerate(entries) if one.name == name), None)
        starts = [found.start() for found in _PART.finditer(text)]
        if at is None:
            names = ", ".join(one.name for one in entries)
            raise KeysFileError(f"There is no key {name!r}.", fix=f"There are: {names}.")
        if len(starts) != len(entries):  # such as `keys = [{...}]`
            raise KeysFileError(f"{file} is not written as [[keys]].", fix="Change it by hand.")
        changed = change(entries[at])
        end = starts[at + 1] if at + 1 < len(starts) else len(text)
        after = f"\n{text[end:]}" if end < len(text) else ""
        _write(file, text[: starts[at]] + _written(changed) + after)


def _written(entry: Entry) -> str:
    hashes = ", ".join(f'"{one}"' for one in entry.hashes)
    lines = [
        "[[keys]]",
        f'name = "{entry.name}"',
        f'role = "{entry.role}"',
        f"sha256 = [{hashes}]" if len(entry.hashes) > 1 else f"sha256 = {hashes}",
    ]
    if entry.ends is not None:
        lines.append(f"ends = {aware(entry.ends).isoformat(timespec='seconds')}")
    for field in ("requests_per_second", "burst"):
        if getattr(entry, field) is not None:
            lines.append(f"{field} = {getattr(entry, field):g}")
    return "\n".join(lines) + "\n"


def _new_secret() -> tuple[str, str]:
    """Return a secret and its SHA-256."""
    secret = f"cw_{secrets.token_urlsafe(32)}"
    return secret, hashlib.sha256(secret.encode()).hexdigest()


def _write(file: Path, text: str) -> None:
    entries_of(text, file)  # what would be refused when read is not written
    with staged_file(file) as staged:
        staged.touch(mode=0o600)
        staged.write_text(text, encoding="utf-8")


@contextmanager
def _one_writer(file: Path) -> Iterator[None]:
    """Let one change at a time be made; a killed process lets go by itself."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.with_name(f".{file.name}.lock")
    with lock.open("a") as handle:
        fcntl.flock(handle.fileno(), fcntl.LOCK_EX)
        yield
