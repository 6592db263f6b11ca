"""`make` alone lists the targets, one line each."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path


def test_make_alone_lists_every_target_with_one_line(root: Path) -> None:
    # Without what a `make test` around us hands down: it would announce the folder.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    listed = subprocess.run(
        ["make"], cwd=root, env=alone, capture_output=True, text=True, check=True
    ).stdout
    text = (root / "Makefile").read_text()
    phony = set(re.findall(r"[\w-]+", re.search(r"^\.PHONY:(.*)$", text, re.MULTILINE)[1]))
    assert {line.split()[1] for line in listed.splitlines()} == phony
    assert all(len(line.split(maxsplit=2)) == 3 for line in listed.splitlines())
