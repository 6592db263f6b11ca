"""The page of a watch: what has changed since the champion was judged, for a person to read."""

from __future__ import annotations

from models.report.charts import Bar, bars
from models.report.markup import Markup, details, paragraph, put, table
from models.report.style import CSS
from models.watching.advice import Limits, Watched
from models.watching.drift import Drift
from models.watching.performance import Change, Performance

_SHOWN = 15


def page(watched: Watched, *, limits: Limits) -> str:
    """Return the whole page: one file, nothing fetched and nothing run."""
    title = put(f"Watching model set {watched.model_set}")
    parts = (
        ("performance", "Performance", _performance(watched)),
        ("scores", "Scores", _drifts(watched.scores, limits)),
        ("columns", "Columns", _columns(watched, limits)),
    )
    links = "".join(f'<a href="#{name}">{put(head)}</a>' for name, head, _ in parts)
    body = "".join(f'<section id="{n}"><h2>{put(h)}</h2>{p}</section>' for n, h, p in parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{CSS}</style></head><body>"
        f"<header><h1>{title}</h1>{_advice(watched)}<nav>{links}</nav></header>"
        f"<main>{body}</main></body></html>\n"
    )


def _advice(watched: Watched) -> Markup:
    head = "Retrain." if watched.retrain else "The champion still fits: no need to retrain."
    told = "".join(f"<li>{put(reason)}</li>" for reason in watched.reasons)
    return Markup(
        f'<p class="headline">{put(head)}</p>'
        + (f"<ul>{told}</ul>" if told else "")
        + paragraph(f"Compared: {watched.now} with {watched.before}.", quiet=True)
    )


def _performance(watched: Watched) -> Markup:
    if not watched.performance:
        return paragraph("Too few fresh contacts with an offer to say anything.", quiet=True)
    head = ["signal", "profile", "fresh", "promised AUC", "was", "with labels", "AUC", "was"]
    head += ["foretold", "came", "off by"]
    note = (
        "Promised: what the probabilities themselves promise for fresh contacts, before any label; "
        "it holds as long as only who calls has changed. Then the labels that are ripe."
    )
    rows = [_row(each) for each in watched.performance]
    return Markup(paragraph(note, quiet=True) + table(head, rows, texts=2))


def _row(each: Performance) -> list[object]:
    return [
        each.signal,
        each.profile,
        each.rows,
        *_both(each.estimated),
        each.ripe,
        *_both(each.realised),
        each.mean_predicted,
        each.mean_label,
        each.error.value if each.error else None,
    ]


def _both(change: Change | None) -> tuple[object, object]:
    if change is None:
        return None, None
    now = change.now
    return (
        Markup(f"{now.value:.3f}<small>{now.low:.3f} to {now.high:.3f}</small>"),
        change.before.value,
    )


def _columns(watched: Watched, limits: Limits) -> Markup:
    told = [drift for drift in watched.columns if drift.psi > 0 and not drift.with_time]
    most = [Bar(drift.name, drift.psi) for drift in told[:_SHOWN]]
    picture = bars(f"Stability index of the columns; {limits.much_drift} is much", most)
    return Markup(picture + details("every column", _drifts(watched.columns, limits)))


def _drifts(found: tuple[Drift, ...], limits: Limits) -> Markup:
    head = ["what", "stability index", "p", "mean was", "is", "missing was", "is", "never seen"]
    rows = [
        [
            f"{drift.name} (moves with time)" if drift.with_time else drift.name,
            drift.psi,
            drift.p,
            drift.mean_before,
            drift.mean_now,
            drift.missing_before,
            drift.missing_now,
            drift.fresh_share,
        ]
        for drift in found
    ]
    note = f"Less what chance gives; above {limits.much_drift} and sure, it advises to retrain."
    return Markup(paragraph(note, quiet=True) + table(head, rows))
