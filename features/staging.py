"""Half-written results never appear: write beside the target, then rename in one step."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """Yield a path to write; on success it replaces `target` at once, else it is removed."""
    staged = _beside(target, "tmp")
    try:
        yield staged
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on success it replaces `target`, else it is removed.

    A folder cannot be replaced in one step while another stands there: the old one is moved
    aside first and put back if the rename fails.
    """
    staged, aside = _beside(target, "tmp"), _beside(target, "old")
    staged.mkdir()
    try:
        yield staged
        if target.exists():
            target.replace(aside)
        try:
            staged.replace(target)
        except OSError:
            if aside.exists():
                aside.replace(target)
            raise
    finally:
        _remove(staged)
        _remove(aside)


def _beside(target: Path, ending: str) -> Path:
    """Return a hidden name of this process beside `target`; what killed ones left is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.(tmp|old)")
    for left in target.parent.iterdir():
        found = pattern.fullmatch(left.name)
        if found and not _runs(int(found[1])):
            if found[2] == "old" and not target.exists():
                left.replace(target)  # killed between the two renames: the old result stands again
            else:
                _remove(left)
    mine = target.with_name(f".{target.name}.{os.getpid()}.{ending}")
    if ending == "tmp":
        _remove(mine)
    return mine


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
