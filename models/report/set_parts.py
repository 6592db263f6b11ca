"""The parts of the page on the whole set: segments, fairness, features, rows, settings, origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models import packing
from models.report.charts import Bar, bars
from models.report.markup import Markup, between, details, objects, paragraph, put, table
from models.report.reading import Evidence


def absent(file: str, why: str) -> Markup:
    """Return the sentence of a part whose file of evidence is not in the folder."""
    return paragraph(f"{file} is not in this model set: {why}.", quiet=True)


def segments_part(evidence: Evidence) -> Markup:
    """Return where the set is weakest, measured on customers who were not searched."""
    if evidence.segments is None:
        return absent("segments.json", "it was trained before segments were searched")
    if not evidence.segments:
        return paragraph("Too few outcomes to search for segments.", quiet=True)
    head = ["segment", "signal", "rows", "positives", "AUC", "95 % interval", "AUC of all"]
    rows = [
        [
            row["text"],
            row["signal"],
            row["rows"],
            row["positives"],
            row["auc"],
            between(row["auc_low"], row["auc_high"]),
            row["auc_of_all"],
            _gap(row),
        ]
        for row in evidence.segments
    ]
    note = "Found on one half of the customers, measured on the other. "
    note += "Says too much: mean prediction less what happened."
    return Markup(paragraph(note, quiet=True) + table([*head, "says too much"], rows, texts=2))


def _gap(row: Mapping[str, Any]) -> Markup:
    ends = between(row["gap_low"], row["gap_high"])
    return Markup(f"{row['gap']:+.3f}<small>{put(ends)}</small>")


def fairness_part(evidence: Evidence) -> Markup:
    """Return the fairness tables."""
    if evidence.fairness is None:
        return absent("fairness.json", "groups of people were not compared when it was trained")
    return _any(evidence.fairness)


def path_part(evidence: Evidence) -> Markup:
    """Return what enters along the path of the L1 penalty."""
    if evidence.paths is None:
        return absent("paths.json", "the path of the penalty was not kept when it was trained")
    return _any(evidence.paths)


def leading_part(evidence: Evidence) -> Markup:
    """Return the leading columns per signal and profile, with their sign."""
    if not evidence.leading:
        return paragraph("No signal has a linear model to read effects from.", quiet=True)
    note = "Log-odds per standard deviation, or where a flag or category holds."
    said = "".join(_leading(evidence))
    return Markup(paragraph(note, quiet=True) + said)


def _leading(evidence: Evidence) -> Iterator[Markup]:
    for signal, profile in dict.fromkeys((row.signal, row.profile) for row in evidence.leading):
        rows = [
            Bar(row.column, row.effect)
            for row in evidence.leading
            if (row.signal, row.profile) == (signal, profile)
        ]
        yield details(f"{signal}, {profile}", bars(f"{signal}, {profile}", rows))


def counts_part(evidence: Evidence) -> Markup:
    """Return how many rows each step of the preparation left."""
    rows = [[count.step, count.rows] for count in evidence.manifest.counts]
    return table(["step", "rows left"], rows) if rows else paragraph("None kept.", quiet=True)


def settings_part(evidence: Evidence) -> Markup:
    """Return the settings that the set was trained with."""
    rows = [[name, str(value)] for name, value in flat(evidence.manifest.settings)]
    return details("All settings", table(["setting", "value"], rows, texts=2))


def origin_part(evidence: Evidence) -> Markup:
    """Return where the set comes from: data, code, seed and dates."""
    rows = [[name, value] for name, value in origin(evidence)]
    return table(["", ""], rows, texts=2)


def origin(evidence: Evidence) -> list[tuple[str, str]]:
    """Return the provenance as names and texts."""
    manifest = evidence.manifest
    return [
        ("model set", manifest.version),
        ("data known at", manifest.as_of),
        ("fitted on contacts from", manifest.trained_from),
        ("fitted on contacts until", manifest.trained_until),
        ("judged on contacts from", manifest.judged_from),
        ("fingerprint of the data", manifest.fingerprint),
        ("seed", str(dict(flat(manifest.settings)).get("seed", "–"))),
        ("commit of the code that wrote this page", packing.commit() or "unknown"),
    ]


def flat(settings: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings with dotted names."""
    for name, value in sorted(settings.items()):
        if isinstance(value, Mapping):
            yield from flat(value, f"{under}{name}.")
        else:
            yield f"{under}{name}", value


def _any(value: Any) -> Markup:
    """Return evidence whose columns this page does not know as tables, one per list of rows."""
    if isinstance(value, Mapping):
        return Markup(
            "".join(
                details(str(name), _any(inside))
                if isinstance(inside, Mapping | list)
                else paragraph(f"{name}: {inside}")
                for name, inside in value.items()
            )
        )
    if not value:
        return paragraph("Nothing was found.", quiet=True)
    if not all(isinstance(row, Mapping) for row in value):
        return paragraph(", ".join(str(each) for each in value))
    inner = "".join(
        details(_title(row), "".join(_any(v) for v in row.values() if isinstance(v, list)))
        for row in value
        if any(isinstance(v, list) for v in row.values())
    )
    return Markup(objects(value) + inner)


def _title(row: Mapping[str, Any]) -> str:
    return ", ".join(str(v) for v in row.values() if isinstance(v, str))
