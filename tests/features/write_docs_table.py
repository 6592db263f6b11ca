"""Write the table of docs/features.md anew: `python -m tests.features.write_docs_table`."""

from __future__ import annotations

from pathlib import Path

from features.catalogue import FEATURES

BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"

if __name__ == "__main__":
    page = Path(__file__).parents[2] / "docs" / "features.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    lines = ["| feature | view | kind | in words |\n", "|---|---|---|---|\n"]
    lines += [f"| `{f.name}` | {f.view} | {f.kind} | {f.phrase} |\n" for f in FEATURES]
    page.write_text(before + BEGIN + "".join(lines) + END + after, encoding="utf-8")
