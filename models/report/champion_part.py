"""The part of the page against the champion: measures, features and who moves group."""

from __future__ import annotations

from models.report.charts import Bar, bars
from models.report.difference import EVERY_PROFILE, MeasureDifference, SetDifference
from models.report.markup import Markup, details, number, paragraph, put, table

_KINDS = {"better": "good", "worse": "bad"}
_WEIGHTS_SHOWN = 30


def headline(found: SetDifference) -> str:
    """Return in one sentence whether the new set is better, with its interval."""
    overall = [
        row for row in found.measures if row.profile == EVERY_PROFILE and row.measure == "AUC"
    ]
    if not overall:
        return f"Against {found.old}: too few outcomes among the common contacts to compare."
    row = overall[0]
    said = {
        "better": "orders callers better than",
        "worse": "orders callers worse than",
    }.get(row.verdict, "orders callers neither surely better nor surely worse than")
    return (
        f"It {said} the champion {found.old}: AUC of acceptance {number(row.new)} against "
        f"{number(row.old)}, a difference of {row.gain:+.4f} "
        f"(95 % interval {row.low:+.4f} to {row.high:+.4f}) on {row.rows:,} contacts."
    )


def champion_part(found: SetDifference) -> Markup:
    """Return the tables of a difference of two model sets."""
    return Markup(
        paragraph(f"Acceptance, paired on the same contacts. {found.note}.", quiet=True)
        + _gains(found)
        + table(
            ["profile", "measure", "rows", "this set", "champion", "gain", "95 % interval", ""],
            [_measure(row) for row in found.measures],
            texts=2,
        )
        + paragraph("A gain above 0 is better: a higher AUC, a lower log loss.", quiet=True)
        + _moves(found)
        + _features(found)
    )


def _gains(found: SetDifference) -> Markup:
    rows = [
        Bar(f"{row.profile} (n {row.rows:,})", row.gain, row.low, row.high)
        for row in found.measures
        if row.measure == "AUC"
    ]
    return bars("Gain in AUC over the champion, with its 95 % interval", rows)


def _measure(row: MeasureDifference) -> list[object]:
    verdict = f'<span class="{_KINDS.get(row.verdict, "quiet")}">{put(row.verdict)}</span>'
    interval = f"{row.low:+.4f} to {row.high:+.4f}"
    figures = [f"{row.new:.4f}", f"{row.old:.4f}", f"{row.gain:+.4f}", interval]
    return [row.profile, row.measure, row.rows, *figures, Markup(verdict)]


def _moves(found: SetDifference) -> Markup:
    moved = sum(move.rows for move in found.moves if move.before != move.after)
    total = sum(move.rows for move in found.moves)
    said = (
        f"The {found.share:.0%} with the highest predicted acceptance go to the first pool. "
        f"{moved:,} of {total:,} judged contacts change group"
        f" ({moved / max(total, 1):.1%})."
    )
    rows = [
        [
            f"{move.before} → {move.after}",
            ", ".join(move.examples) or "–",
            move.rows,
            f"{move.share:.1%}",
            move.accepted,
        ]
        for move in found.moves
    ]
    head = ["group, before → after", "customers who move furthest", "contacts", "share", "accepted"]
    return Markup("<h3>Who moves group</h3>" + paragraph(said) + table(head, rows, texts=2))


def _features(found: SetDifference) -> Markup:
    added, removed = found.features_added, found.features_removed
    said = (
        f"Added: {', '.join(added) or 'none'}. Removed: {', '.join(removed) or 'none'}."
        if added or removed
        else "Both sets know the same features."
    )
    shown = table(
        ["profile", "column", "effect here", "in the champion", "change"],
        [
            [w.profile, w.column, w.new, w.old, f"{(w.new or 0.0) - (w.old or 0.0):+.3f}"]
            for w in sorted(found.weights, key=lambda w: -abs((w.new or 0.0) - (w.old or 0.0)))[
                :_WEIGHTS_SHOWN
            ]
        ],
        texts=2,
    )
    title = f"Effects on acceptance that changed most (of {len(found.weights)})"
    return Markup("<h3>Features</h3>" + paragraph(said) + details(title, shown))
