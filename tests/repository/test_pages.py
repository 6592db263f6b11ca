"""README and docs name only what exists: verbs, benchmarks, files, and no address to fetch from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import typer.main

from pipelines.cli.program import app


def pages(root: Path) -> Iterator[Path]:
    yield from root.glob("*.md")
    yield from (root / "docs").rglob("*.md")


def test_every_link_leads_to_a_file(root: Path) -> None:
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages(root)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_every_verb_named_exists(root: Path) -> None:
    group = typer.main.get_command(app)
    verbs = set(group.commands)
    unknown = [
        f"{page.relative_to(root)}: callworth {verb}"
        for page in pages(root)
        for verb in re.findall(r"(?:`|bin/)callworth ([a-z]+(?:-[a-z]+)?)", page.read_text())
        if verb not in verbs
    ]
    assert not unknown


def test_every_benchmark_quoted_is_there_and_every_one_there_is_quoted(root: Path) -> None:
    figures = (root / "README.md").read_text().split("## Figures")[1]
    quoted = set(re.findall(r"\| `([a-z_]+)` \|", figures)) - {"benchmarks"}
    there = {path.stem for path in (root / "benchmarks").glob("*.py")} - {"__init__", "run"}
    assert quoted == there


def test_every_decision_ends_in_what_enforces_it(root: Path) -> None:
    unenforced = [
        path.name
        for path in (root / "docs" / "decisions").glob("*.md")
        if "enforced by" not in path.read_text().lower()
    ]
    assert not unenforced


def test_every_folder_of_the_house_is_in_the_readme(root: Path) -> None:
    house = (root / "README.md").read_text().split("## The house")[1]
    for folder in ("features", "models", "routing", "serving", "pipelines", "tests", "benchmarks"):
        assert f"`{folder}/`" in house
        assert (root / folder).is_dir()
