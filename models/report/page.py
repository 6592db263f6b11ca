"""The page that a person reads before a model set is put in force: one file, nothing fetched."""

from __future__ import annotations

from pathlib import Path

from features.errors import DataNotFoundError
from features.staging import staged_file
from models.errors import ModelError
from models.model_set import ALL_PROFILES, REPORT
from models.report import set_parts
from models.report.card import LIMITS, PURPOSE, USE, write_card
from models.report.champion_part import champion_part, headline
from models.report.difference import FIRST_POOL, SetDifference, difference
from models.report.markup import Markup, between, number, paragraph, put
from models.report.reading import CHAMPION, Evidence, read_evidence
from models.report.signal_part import signal_part
from models.report.style import CSS
from models.report.uplift_part import uplift_part
from models.signals import Signal


def write_report(
    folder: Path, *, champion: Path | None, home: Path | None = None, share: float = FIRST_POOL
) -> Path:
    """Write `report.html` and `card.md` into a model set folder; return where the page is.

    `champion` is the folder of the set in force, None when there is none; `share` is the part of
    the callers that the first pool takes. A file of evidence that is absent is said to be absent.
    Raises ModelSetNotFoundError when the folder holds no model set.
    """
    evidence = read_evidence(folder)
    against = _against(folder, champion, home=home, share=share)
    path = folder / REPORT
    with staged_file(path) as staged:
        staged.write_text(_page(evidence, against), encoding="utf-8")
    write_card(folder)
    return path


def _against(
    folder: Path, champion: Path | None, *, home: Path | None, share: float
) -> SetDifference | str:
    """Return the difference, or the sentence that says why there is none."""
    if champion is None:
        return "There is no champion yet: this would be the first model set in force."
    try:
        return difference(folder, champion=champion, home=home, share=share)
    except (ModelError, DataNotFoundError) as problem:
        return f"Not compared with the champion. {problem.fact}"


def _page(evidence: Evidence, against: SetDifference | str) -> str:
    parts = _parts(evidence, against)
    links = "".join(f'<a href="#{name}">{put(title)}</a>' for name, title, _ in parts)
    body = "".join(
        f'<section id="{name}"><h2>{put(title)}</h2>{inside}</section>'
        for name, title, inside in parts
    )
    title = put(f"Model set {evidence.manifest.version}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        # Nothing may be fetched or run, whatever a name in the data holds.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{CSS}</style></head><body>"
        f"<header><h1>{title}</h1>{_summary(evidence, against)}<nav>{links}</nav></header>"
        f"<main>{body}</main></body></html>\n"
    )


def _parts(evidence: Evidence, against: SetDifference | str) -> list[tuple[str, str, Markup]]:
    held = dict.fromkeys(answer.signal for answer in evidence.manifest.answers)
    told = paragraph(against) if isinstance(against, str) else champion_part(against)
    return [
        ("champion", "Against the champion", told),
        *((f"signal-{s}", f"Signal: {s}", signal_part(evidence, Signal(s))) for s in held),
        ("uplift", "What offers add", uplift_part(evidence)),
        ("segments", "Weakest segments", set_parts.segments_part(evidence)),
        ("fairness", "Fairness", set_parts.fairness_part(evidence)),
        ("features", "Leading features", set_parts.leading_part(evidence)),
        ("path", "What enters along the L1 path", set_parts.path_part(evidence)),
        ("rows", "Rows and exclusions", set_parts.counts_part(evidence)),
        ("settings", "Settings", set_parts.settings_part(evidence)),
        ("origin", "Provenance", set_parts.origin_part(evidence)),
        ("card", "Model card", _card()),
    ]


def _summary(evidence: Evidence, against: SetDifference | str) -> Markup:
    manifest = evidence.manifest
    when = (
        f"Data known at {manifest.as_of[:10]}. Fitted on contacts from "
        f"{manifest.trained_from[:10]} until {manifest.trained_until[:10]}, judged on those from "
        f"{manifest.judged_from[:10]}."
    )
    said = against if isinstance(against, str) else headline(against)
    return Markup(
        paragraph(when, quiet=True)
        + f'<p class="headline">{put(said)}</p><div class="tiles">{_tiles(evidence)}</div>'
    )


def _tiles(evidence: Evidence) -> str:
    """Return a tile per profile: how well acceptance is told apart."""
    rows = [row for row in evidence.of(CHAMPION) if row.get("auc") is not None]
    rows = [row for row in rows if row["signal"] == Signal.ACCEPT] or rows
    return "".join(
        f'<div class="tile"><span>{put(_said(row["profile"]))}</span><b>{number(row["auc"])}</b>'
        f"<small>AUC of {put(row['signal'])}, "
        f"{put(between(row.get('auc_low'), row.get('auc_high')))}</small>"
        f"<small>calibration error {number(row.get('ece'))}, n {put(row['n'])}</small></div>"
        for row in rows
    )


def _said(profile: str) -> str:
    return "all, by one model" if profile == ALL_PROFILES else profile


def _card() -> Markup:
    limits = "".join(f"<li>{put(limit)}</li>" for limit in LIMITS)
    pointer = "Data, exclusions, metrics, weak segments and fairness stand above; card.md has all."
    return Markup(
        f"<h3>Purpose</h3>{paragraph(PURPOSE)}<h3>How to use</h3><pre>{put(USE)}</pre>"
        f"<h3>Limits</h3><ul>{limits}</ul>{paragraph(pointer, quiet=True)}"
    )
