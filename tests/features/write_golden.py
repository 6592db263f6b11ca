"""Write the reviewed text of every view's query: `python -m tests.features.write_golden`."""

from __future__ import annotations

from pathlib import Path

from features.catalogue import VIEWS

if __name__ == "__main__":
    folder = Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    for view in VIEWS:
        (folder / f"{view.name}.sql").write_text(view.sql + "\n", encoding="utf-8")
