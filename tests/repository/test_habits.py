"""Habits that a reader may rely on: who reads the clock, the truth and the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("features", "models", "routing", "serving", "pipelines")


def sources(root: Path, *packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            yield str(path.relative_to(root)), path.read_text()


def test_features_models_and_routing_never_read_the_clock(root: Path) -> None:
    clock = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(")
    readers = {
        name for name, text in sources(root, "features", "models", "routing") if clock.search(text)
    }
    assert not readers


def test_nothing_but_the_generator_names_the_truth(root: Path) -> None:
    readers = {
        name
        for name, text in sources(root, *PACKAGES)
        if re.search(r"\btruth/|contact_truth|customer_truth", text)
        and not name.startswith("pipelines/insurer/")
    }
    assert not readers


def test_pages_and_code_fetch_nothing_from_elsewhere(root: Path) -> None:
    address = re.compile(r"https?://(?!127\.0\.0\.1|localhost|\{|www\.w3\.org)[\w.-]+\.\w+")
    shown = [path for path in (root / "serving").rglob("*") if path.suffix in (".html", ".css")]
    texts = [*sources(root, *PACKAGES), *((str(path), path.read_text()) for path in shown)]
    assert not {name for name, text in texts if address.search(text)}
