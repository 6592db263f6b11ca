"""Small pieces with exact names: no module over 300 lines, no function over 40."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("features", "models", "routing", "serving", "pipelines")
LONGEST_MODULE_LINES = 300
LONGEST_FUNCTION_LINES = 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}


def modules(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((root / package).rglob("*.py"))


def test_no_module_is_over_three_hundred_lines(root: Path) -> None:
    long = {
        str(path.relative_to(root)): count
        for path in modules(root)
        if (count := len(path.read_text().splitlines())) > LONGEST_MODULE_LINES
    }
    assert not long


def test_no_function_is_over_forty_lines(root: Path) -> None:
    long = {}
    for path in modules(root):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1
                first = node.body[0]
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    lines -= (first.end_lineno or 0) - first.lineno + 1  # the docstring is free
                if lines > LONGEST_FUNCTION_LINES:
                    long[f"{path.relative_to(root)}:{node.name}"] = lines
    assert not long


def test_no_module_has_a_name_that_says_nothing(root: Path) -> None:
    assert not [path for path in modules(root) if path.stem in FORBIDDEN_NAMES]


def test_every_module_opens_with_one_sentence(root: Path) -> None:
    silent = []
    for path in modules(root):
        opening = ast.get_docstring(ast.parse(path.read_text()))
        if not opening or not opening.split("\n\n")[0].rstrip().endswith((".", "?", "!")):
            silent.append(str(path.relative_to(root)))
    assert not silent


@pytest.mark.parametrize("word", ["pickle", "cloudpickle", "joblib.dump", "joblib.load"])
def test_no_package_stores_pickles(root: Path, word: str) -> None:
    found = [
        str(path.relative_to(root))
        for path in modules(root)
        if f"import {word}" in path.read_text() or f"{word}(" in path.read_text()
    ]
    assert not found
