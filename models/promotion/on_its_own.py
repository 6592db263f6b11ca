"""The rules that a challenger must meet whoever the champion is: sound, fresh and signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.judging.calibration_error import calibration_error
from models.judging.influence import auc
from models.judging.intervals import auc_interval
from models.promotion.gate_file import Calibration, Chance, Freshness, GateSettings, Leak
from models.promotion.rule import Rule

if TYPE_CHECKING:
    from models.promotion.gate import JudgedRows, Papers

Scores = NDArray[np.float64]

# A category with fewer rows would tell each row its own label.
_FEWEST_OF_A_CATEGORY = 30


def rules(rows: JudgedRows, *, settings: GateSettings, papers: Papers) -> Iterator[Rule]:
    """Yield the rules; there must be a row. What nothing tells of is said to be unjudged."""
    both = 0 < rows.label.sum() < len(rows.label)
    if settings.calibration is not None:
        for name in np.unique(rows.profile):
            yield _calibration(str(name), rows, settings.calibration)
    if settings.chance is not None and both:
        yield _chance(rows, settings.chance)
    if settings.leak is not None and both:
        yield from _leak(rows, settings.leak)
    if settings.freshness is not None:
        yield from _fresh(papers, settings.freshness)
    if settings.signature is not None and settings.signature.required:
        yield _signature(papers.signed)


def _calibration(name: str, rows: JudgedRows, asked: Calibration) -> Rule:
    chosen = rows.profile == name
    whose = None if rows.customer is None else rows.customer[chosen]
    found = calibration_error(rows.label[chosen], rows.challenger[chosen], cluster=whose)
    # On few rows an error is noisy: it must be surely above what is allowed.
    holds = found.value <= max(asked.most_error, found.chance_high) or found.low <= asked.most_error
    said = (
        f"calibration of {name}: error {found.value:.4f} [{found.low:.4f}, {found.high:.4f}] on "
        f"{int(chosen.sum()):,} rows (at most {asked.most_error:g}; chance alone gives up to "
        f"{found.chance_high:.4f})"
    )
    return Rule(f"calibration {name}", holds, said, found.value, rows=int(chosen.sum()))


def _chance(rows: JudgedRows, asked: Chance) -> Rule:
    found = auc_interval(rows.label, rows.challenger, cluster=rows.customer)
    said = (
        f"AUC {found.value:.4f} [{found.low:.4f}, {found.high:.4f}]: "
        f"surely above {asked.least_auc:g} is asked for"
    )
    return Rule("above chance", found.low > asked.least_auc, said, found.value)


def _leak(rows: JudgedRows, asked: Leak) -> Iterator[Rule]:
    best = max(
        ((_alone(rows.columns[n], k, rows.label), n) for n, k in rows.kinds.items()),
        default=(0.5, "no column"),
    )
    said = (
        f"strongest single column: {best[1]}, AUC {best[0]:.4f} alone (above "
        f"{asked.most_of_one_column:g} it is most likely known only after the contact)"
    )
    yield Rule("one column", best[0] <= asked.most_of_one_column, said, best[0])
    if rows.champion is None:
        return
    new, old = auc(rows.label, rows.challenger).value, auc(rows.label, rows.champion).value
    said = (
        f"AUC moves by {new - old:+.4f} in one step (a rise of more than {asked.most_jump:g} is "
        "more likely a leak than a better model)"
    )
    yield Rule("jump", new - old <= asked.most_jump, said, new, old)


def _alone(values: NDArray[Any], kind: Kind, label: Scores) -> float:
    """Return the AUC of one column by itself, whichever way it points."""
    if kind is Kind.NOMINAL:
        words = np.array([str(value) for value in values.tolist()], dtype=np.str_)
        _, place, counts = np.unique(words, return_inverse=True, return_counts=True)
        rate = np.bincount(place, weights=label) / counts
        rate[counts < _FEWEST_OF_A_CATEGORY] = label.mean()
        score = rate[place]
    else:
        score = np.asarray(values, dtype=np.float64)
        absent = ~np.isfinite(score)
        if absent.all():
            return 0.5
        score = np.where(absent, np.median(score[~absent]), score)
    found = auc(label, score).value
    return max(found, 1 - found)


def _fresh(papers: Papers, asked: Freshness) -> Iterator[Rule]:
    """Yield how old the newest judged contact was at training, and the training is now."""
    spans = (
        ("contacts", papers.last_contact, papers.as_of, asked.contacts_before_as_of),
        ("training", papers.as_of, papers.now, asked.as_of_before_now),
    )
    for name, earlier, later, most in spans:
        if earlier is None or later is None:
            yield Rule(f"fresh {name}", True, f"fresh {name}: no time is known; not judged")
            continue
        days = max((later - earlier) / timedelta(days=1), 0.0)
        what = "last judged contact before training" if name == "contacts" else "training"
        said = f"{what}: {days:.0f} days ago ({earlier:%Y-%m-%d}; at most {most:g} are allowed)"
        yield Rule(f"fresh {name}", days <= most, said, days)


def _signature(signed: bool | None) -> Rule:
    if signed is None:
        return Rule("signature", True, "signature: nothing tells; not judged")
    said = "says what goes in and comes out" if signed else "does not say what goes in and out"
    return Rule("signature", signed, f"signature: the registered model {said}")
