"""What is written down about a model set: one record for the set, one per signal and profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models import packing
from models.evidence import CHAMPION
from models.model_set import METRICS, UPLIFT, Answer, Manifest, read_json, read_manifest
from models.promotion.contest import instant

_KEYS = ("signal", "profile", "candidate")
# The figures that the description of a version shows, first found first.
_SHOWN = ("auc", "log_loss", "ece", "rmse")


@dataclass(frozen=True, slots=True)
class Record:
    """A run to log: its name, and texts and figures by name."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


def of_set(folder: Path, *, feature_service: str) -> Record:
    """Return the record of the whole set: lineage as tags, settings as params, champions' metrics.

    A metric is named `accept/lead/auc`.
    """
    manifest = read_manifest(folder)
    settings = {f"settings.{name}": value for name, value in _flat(manifest.settings)}
    rows = {f"rows.{count.step}": str(count.rows) for count in manifest.counts}
    metrics = {
        f"{record.tags['signal']}/{record.tags['profile']}/{name}": value
        for record in of_answers(folder)
        for name, value in record.metrics.items()
        if "." not in name
    }
    metrics |= _of_effects(folder)
    code = packing.commit()
    tags = {
        "feature_service": feature_service,
        "model_set": manifest.version,
        "as_of": manifest.as_of,
        "trained_from": _day(manifest.trained_from),
        "trained_until": _day(manifest.trained_until),
        "judged_from": _day(manifest.judged_from),
        "fingerprint": manifest.fingerprint,
        "seed": str(dict(_flat(manifest.settings)).get("seed", "")),
    } | ({"git_commit": code, "mlflow.source.git.commit": code} if code else {})
    return Record(manifest.version, tags, settings | rows, metrics)


def of_answers(folder: Path) -> tuple[Record, ...]:
    """Return a record per signal and profile.

    The champion's metrics as it answers have plain names (`auc`), every candidate's carry its
    name (`auc.forest`): the first compare profiles, the second candidates.
    """
    manifest, rows = read_manifest(folder), candidates(folder)
    return tuple(_of_answer(answer, manifest, rows) for answer in manifest.answers)


def of_candidates(folder: Path, answer: Record) -> tuple[Record, ...]:
    """Return a record per candidate of a signal and profile, its metrics under plain names.

    They compare candidates as bars and lines do: the same name, another run.
    """
    tags = answer.tags
    found = []
    for row in candidates(folder):
        if (row["signal"], row["profile"]) != (tags["signal"], tags["profile"]):
            continue
        of = {"candidate": str(row["candidate"]), "is_champion": str(row["is_champion"])}
        said = {"signal": tags["signal"], "profile": tags["profile"], **of}
        found.append(Record(f"{answer.name} · {row['candidate']}", said, said, _figures(row)))
    return tuple(found)


def candidates(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of metrics.json: signal, profile, candidate and figures."""
    found = read_json(folder / METRICS)
    return list(found["rows"] if isinstance(found, dict) else found)


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return rows as columns, with None where a row lacks one."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def description(folder: Path) -> str:
    """Return what a person reads first about the version, as Markdown."""
    manifest = read_manifest(folder)
    lines = [
        f"Trained on contacts from {_day(manifest.trained_from)} to "
        f"{_day(manifest.trained_until)}, judged on contacts from {_day(manifest.judged_from)}.",
        "",
        "| signal | profile | champion | " + " | ".join(_SHOWN) + " |",
        "|---|---|---|" + "---|" * len(_SHOWN),
    ]
    for record in of_answers(folder):
        figures = (
            f"{record.metrics[name]:.4g}" if name in record.metrics else "" for name in _SHOWN
        )
        tags = record.tags
        lines.append(
            f"| {tags['signal']} | {tags['profile']} | {tags['champion']} | "
            + " | ".join(figures)
            + " |"
        )
    return "\n".join(lines)


def _of_effects(folder: Path) -> dict[str, float]:
    """Return what deciding by the effects earns, per contact: `uplift/lead/money_added`."""
    if not (folder / UPLIFT).exists():
        return {}
    found: dict[str, float] = {}
    for row in read_json(folder / UPLIFT):
        at = f"uplift/{row['profile']}"
        policies = {each["policy"]: each for each in row["policies"]}
        found |= {
            f"{at}/advantage": row["advantage"]["value"],
            f"{at}/value": policies["strategy"]["doubly_robust"]["value"],
            f"{at}/money_added": policies["strategy"]["money_added"]["value"],
            f"{at}/ahead_of_own_models": policies["own_models"]["strategy_ahead_in_money"]["value"],
        }
    return found


def _of_answer(answer: Answer, manifest: Manifest, rows: list[dict[str, Any]]) -> Record:
    own = [r for r in rows if (r["signal"], r["profile"]) == (answer.signal, answer.profile)]
    metrics: dict[str, float] = {}
    for row in own:
        figures = _figures(row)
        metrics |= {f"{name}.{row['candidate']}": value for name, value in figures.items()}
        if row["candidate"] == CHAMPION:
            metrics |= figures
    tags = {
        "signal": answer.signal,
        "profile": answer.profile,
        "uses": answer.uses,
        "champion": answer.champion,
        "view": answer.view,
        "model_set": manifest.version,
    } | ({"why": answer.why} if answer.why else {})
    params = {name: tags[name] for name in ("signal", "profile", "uses", "champion")}
    return Record(f"{answer.signal} · {answer.profile}", tags, params, metrics)


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in row.items()
        if name not in _KEYS
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value
    }


def _day(text: str) -> str:
    found = instant(text)
    return found.date().isoformat() if found else "an unknown day"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", str(value)))
    return found
