"""Every guide runs: its blocks, in their order, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDES = sorted(path.name for path in Path(__file__).parents[2].glob("docs/guides/*.md"))
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def script_of(page: str) -> str:
    """Return the blocks as one program; a shell block runs in a shell of its own."""
    lines = ["import subprocess"]
    for kind, text in BLOCK.findall(page):
        lines.append(
            text if kind == "python" else f"subprocess.run({text!r}, shell=True, check=True)"
        )
    return "\n".join(lines)


# Trains on ten generated tables: over twenty seconds.
SLOW = {"your_tables.md"}


@pytest.mark.parametrize(
    "guide",
    [pytest.param(each, marks=pytest.mark.slow if each in SLOW else ()) for each in GUIDES],
)
def test_a_guide_runs_from_its_first_block_to_its_last(
    guide: str, root: Path, tmp_path: Path
) -> None:
    page = (root / "docs" / "guides" / guide).read_text()
    script = tmp_path / "guide.py"
    script.write_text(script_of(page))
    folder = Path(sys.executable).parent

    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]


def test_there_are_the_three_guides_that_people_start_with() -> None:
    assert set(GUIDES) >= {"add_a_candidate.md", "one_flat_table.md", "your_tables.md"}
