"""The dashboard and the alerts ask for metrics that the server has, with labels that it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from serving.app import build_app
from serving.settings import Settings

_METRIC = re.compile(r"\bcallworth_\w+")
_FILTER = re.compile(r"(callworth_\w+)\{([^}]*)\}")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
# Prometheus adds these to what it scrapes.
_ADDED = {"job", "instance"}


@pytest.fixture
def metrics(tmp_path: Path) -> dict[str, set[str]]:
    """Return the name of every sample that the server can show, with its labels."""
    app = build_app(Settings(home=tmp_path / "home"))
    registry = app.state.parts.metrics.registry
    return dict(_samples(registry._collector_to_names.items()))


def _samples(known: Any) -> Iterator[tuple[str, set[str]]]:
    for collector, names in known:
        assert isinstance(collector, MetricWrapperBase)
        for name in names:
            yield name, {*collector._labelnames, *({"le"} if name.endswith("_bucket") else ())}


def _alerts(root: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load((root / "deploy" / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def _dashboard(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "deploy" / "grafana.json").read_text())
    return found


def _asked(root: Path) -> list[str]:
    panels = _dashboard(root)["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    return [*queries, *(rule["expr"] for rule in _alerts(root))]


def test_every_metric_asked_for_exists(root: Path, metrics: dict[str, set[str]]) -> None:
    names = {name for query in _asked(root) for name in _METRIC.findall(query)}
    assert len(names) > 12
    assert names <= metrics.keys()


def test_every_label_asked_for_exists(root: Path, metrics: dict[str, set[str]]) -> None:
    for query in _asked(root):
        for name, conditions in _FILTER.findall(query):
            assert set(_LABEL.findall(conditions)) <= metrics[name] | _ADDED, query
        for by in re.findall(r"by \(([^)]*)\)", query):
            labels = {one.strip() for one in by.split(",")}
            known = set().union(*(metrics[name] for name in _METRIC.findall(query)))
            assert labels <= known | _ADDED, query


def test_brackets_of_every_query_close(root: Path) -> None:
    for query in _asked(root):
        for opened, closed in ("()", "[]", "{}"):
            assert query.count(opened) == query.count(closed), query


def test_every_alert_says_what_it_means_and_the_guide_says_what_to_do(root: Path) -> None:
    guide = (root / "docs" / "operation.md").read_text()
    names = [rule["alert"] for rule in _alerts(root)]
    assert len(names) == len(set(names))
    for rule in _alerts(root):
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert f"`{rule['alert']}`" in guide


def test_every_metric_is_in_the_guide(root: Path, metrics: dict[str, set[str]]) -> None:
    guide = (root / "docs" / "operation.md").read_text()
    shown = {name.removesuffix("_bucket") for name in metrics if not re.search(
        r"_(count|sum|created)$", name)}  # fmt: skip
    families = {name for name in shown if name.endswith("_total") or f"{name}_total" not in shown}
    assert {name for name in families if f"`{name}" not in guide} == set()


def test_no_panel_lies_over_another(root: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _dashboard(root)["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}  # fmt: skip
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
