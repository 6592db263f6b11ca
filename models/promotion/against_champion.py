"""The rules that hold a challenger against the champion, on the same contacts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import losses
from models.judging.influence import auc
from models.judging.intervals import Difference, paired_auc, paired_mean_loss
from models.judging.segments import compare_segments
from models.promotion.gate_file import GateSettings, Overall, Profiles, Segments
from models.promotion.rule import Rule
from models.signals import Task

if TYPE_CHECKING:
    from models.promotion.gate import JudgedRows

Scores = NDArray[np.float64]

# Two sums over the same numbers in another order differ by less than this.
_SAME = 1e-9
_SURE = 0.05


def rules(rows: JudgedRows, champion: Scores, *, settings: GateSettings) -> Iterator[Rule]:
    """Yield the rules; there must be a row."""
    if settings.overall is not None:
        yield from _overall(rows, champion, settings.overall)
    if settings.profiles is not None:
        for name in np.unique(rows.profile):
            yield _profile(str(name), rows, champion, settings.profiles)
    if settings.segments is not None and rows.columns:
        yield _segments(rows, champion, settings.segments)


def _overall(rows: JudgedRows, champion: Scores, asked: Overall) -> Iterator[Rule]:
    label, count = rows.label, len(rows.label)
    new, old = (
        float(losses(label, scores, task=Task.PROBABILITY).mean())
        for scores in (rows.challenger, champion)
    )
    less = paired_mean_loss(
        label, champion, rows.challenger, task=Task.PROBABILITY, cluster=rows.customer
    )
    said = _sentence("log loss over all profiles", new, old, less)
    yield Rule("overall log loss", _gains(less, asked), said, new, old, count)
    if not 0 < label.sum() < count:
        yield Rule("overall AUC", False, "All judged rows have one label: there is no AUC.")
        return
    more = paired_auc(label, rows.challenger, champion, cluster=rows.customer)
    higher, lower = auc(label, rows.challenger).value, auc(label, champion).value
    said = _sentence("AUC over all profiles", higher, lower, more)
    yield Rule("overall AUC", _gains(more, asked), said, higher, lower, count)


def _gains(difference: Difference, asked: Overall) -> bool:
    reached = difference.low if asked.proven else difference.value
    return reached >= asked.least_gain - _SAME


def _profile(name: str, rows: JudgedRows, champion: Scores, asked: Profiles) -> Rule:
    chosen = rows.profile == name
    label = rows.label[chosen]
    count, positives = len(label), int((label > 0).sum())
    if min(positives, count - positives) < max(asked.fewest_of_a_class, 1):
        said = f"{name}: {positives} of {count} rows are positive, too few to compare; not judged"
        return Rule(f"profile {name}", True, said, rows=count)
    whose = None if rows.customer is None else rows.customer[chosen]
    new, old = rows.challenger[chosen], champion[chosen]
    more = paired_auc(label, new, old, cluster=whose)
    higher, lower = auc(label, new).value, auc(label, old).value
    return Rule(
        f"profile {name}",
        more.value >= -asked.most_loss - _SAME or more.high >= 0,
        _sentence(f"AUC of {name}", higher, lower, more),
        higher,
        lower,
        count,
    )


def _segments(rows: JudgedRows, champion: Scores, asked: Segments) -> Rule:
    found = compare_segments(
        rows.columns,
        rows.label,
        rows.challenger,
        champion,
        kinds=rows.kinds,
        cluster=rows.customer,
        least_share=asked.least_share,
    )
    bad = [each for each in found if each.difference.value < -asked.most_loss and each.p < _SURE]
    if bad:
        worst = bad[0]
        said = (
            f"segment {worst.text}: AUC lower by {-worst.difference.value:.4f} "
            f"on {worst.rows:,} rows (p {worst.p:.2g}, at most {asked.most_loss:g} is allowed)"
        ) + (f"; {len(bad) - 1} more segments are worse" if len(bad) > 1 else "")
        return Rule("segments", False, said, rows=worst.rows)
    said = f"segments: none of {len(found)} is surely worse by more than {asked.most_loss:g} AUC"
    return Rule("segments", True, said, rows=len(rows.label))


def _sentence(what: str, new: float, old: float, difference: Difference) -> str:
    return (
        f"{what}: challenger {new:.4f}, champion {old:.4f}; gain {difference.value:+.4f} "
        f"[{difference.low:+.4f}, {difference.high:+.4f}]"
    )
