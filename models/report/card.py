"""The model card: what a model set is for, how well it does, where it is weak; Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from features.staging import staged_file
from models.model_set import CARD
from models.report.markup import between, said
from models.report.reading import CHAMPION, Evidence, read_evidence
from models.report.set_parts import origin

PURPOSE = (
    "Foretells, before the phone rings, what a caller will do with each offer, so that callers "
    "are routed and offers chosen. It is for ordering callers and valuing offers. It is not for "
    "decisions that a person is owed reasons for by law, such as credit or the price of cover."
)
LIMITS = (
    "It knows what was recorded before the instant of training; a change of products, prices or "
    "agents since then is unknown to it.",
    "Refusals and lapses that need time are learnt from matured contacts alone.",
    "Effects are associations. Whether an offer adds sales is measured by hold-back, not here.",
    "Segments with few contacts have wide intervals: read them beside their rows.",
)
USE = (
    "models = CompiledModelSet.load(folder)\nmodels.predict('accept', models.encode(columns), ...)"
)


def write_card(folder: Path) -> Path:
    """Write `card.md` into a model set folder and return where it is.

    Raises ModelSetNotFoundError when the folder holds no model set.
    """
    path = folder / CARD
    with staged_file(path) as staged:
        staged.write_text(card(read_evidence(folder)), encoding="utf-8")
    return path


def card(evidence: Evidence) -> str:
    """Return the model card as Markdown."""
    parts = [
        f"# Model card: {_plain(evidence.manifest.version)}",
        "## Purpose",
        PURPOSE,
        "## Data",
        _table(("", ""), origin(evidence)),
        "Rows left after each step; what a step leaves out is excluded, never counted as a no:",
        _table(("step", "rows left"), [(c.step, c.rows) for c in evidence.manifest.counts]),
        "## Metrics on contacts that took no part in fitting or choosing",
        _table(
            ("signal", "profile", "model", "rows", "AUC", "95 %", "ECE", "RMSE"), _metrics(evidence)
        ),
        "## What offers add",
        _uplift(evidence),
        "## Known weak segments",
        _segments(evidence),
        "## Fairness",
        _fairness(evidence.fairness),
        "## How to use",
        f"```python\n{USE}\n```",
        "## Limits",
        "\n".join(f"- {limit}" for limit in LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


def _metrics(evidence: Evidence) -> list[tuple[object, ...]]:
    return [
        (
            row["signal"],
            row["profile"],
            evidence.answering(row["signal"], row["profile"]),
            row["n"],
            row.get("auc"),
            between(row.get("auc_low"), row.get("auc_high")),
            row.get("ece"),
            row.get("rmse"),
        )
        for row in evidence.of(CHAMPION)
    ]


def _uplift(evidence: Evidence) -> str:
    """Return per profile who says what offers add, and what the strategy's rule earns by it."""
    if not evidence.uplift:
        return "Acceptance less baseline of the set's own models; no other was compared with it."
    rows = [(row["profile"], row.get("found", ""), *_earned(row)) for row in evidence.uplift]
    return _table(("profile", "who answers", "money added per 1,000", "95 %"), rows)


def _earned(row: dict[str, Any]) -> tuple[float, str]:
    money = next(each for each in row["policies"] if each["policy"] == "strategy")["money_added"]
    low, high = 1000 * money["low"], 1000 * money["high"]
    return 1000 * money["value"], between(low, high)


def _segments(evidence: Evidence) -> str:
    if not evidence.segments:
        return "None is known: they were not searched, or there were too few outcomes to search."
    rows = [
        (row["text"], row["signal"], row["rows"], row["auc"], row["auc_of_all"])
        for row in evidence.segments
    ]
    return _table(("segment", "signal", "rows", "AUC", "AUC of all"), rows)


def _fairness(value: Any) -> str:
    rows = value.get("rows", value.get("groups")) if isinstance(value, dict) else value
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return "Not compared for this model set."
    names = [name for name, each in rows[0].items() if not isinstance(each, list | dict)]
    return _table(names, [[row.get(name) for name in names] for row in rows])


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *([_plain(said(v)) for v in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Return text that is neither HTML nor a table's edge where Markdown is shown."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("|", "\\|").replace("\n", " ")
