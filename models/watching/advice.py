"""What was seen on fresh contacts, and whether it is enough to retrain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.judging.segments import holm
from models.watching.drift import Drift
from models.watching.performance import Performance


@dataclass(frozen=True, slots=True)
class Limits:
    """What may change before a retraining is advised; every limit needs certainty beside size."""

    # Realised or estimated AUC may fall by so much, surely (Holm's p below `p`).
    fall: float = 0.02
    # A calibration error surely above this, and above what chance gives, is too much.
    most_error: float = 0.03
    # Population stability index of one column or score.
    much_drift: float = 0.25
    # Share of rows with a word that was never seen, or change of the share that is missing.
    fresh_share: float = 0.05
    missing: float = 0.10
    p: float = 0.01
    # Older champions are retrained whatever the figures say.
    most_days: float = 120.0


@dataclass(frozen=True, slots=True)
class Watched:
    """All that was compared; `reasons` are sentences, each of which advises to retrain."""

    model_set: str
    before: str
    now: str
    contacts: int
    age_days: float
    columns: tuple[Drift, ...]
    scores: tuple[Drift, ...]
    performance: tuple[Performance, ...]
    reasons: tuple[str, ...] = ()

    @property
    def retrain(self) -> bool:
        """Whether to retrain."""
        return bool(self.reasons)


def reasons_of(watched: Watched, *, limits: Limits) -> tuple[str, ...]:
    """Return why to retrain, most telling first; empty when the champion still fits."""
    return (
        *_fallen(watched.performance, limits),
        *_wrong(watched.performance, limits),
        *_drifted("score of", watched.scores, limits),
        *_drifted("column", watched.columns, limits),
        *_changed(watched.columns, limits),
        *_old(watched, limits),
    )


def _fallen(found: tuple[Performance, ...], limits: Limits) -> Iterator[str]:
    for kind, pick in (("realised", "realised"), ("estimated", "estimated")):
        changes = [(each, getattr(each, pick)) for each in found]
        changes = [(each, change) for each, change in changes if change is not None]
        corrected = holm([change.p for _, change in changes])
        for (each, change), p in zip(changes, corrected, strict=True):
            if change.fall > limits.fall and p < limits.p:
                yield (
                    f"{kind} AUC of {each.signal}, {each.profile}: {change.now.value:.3f} "
                    f"[{change.now.low:.3f}, {change.now.high:.3f}], was {change.before.value:.3f}"
                )


def _wrong(found: tuple[Performance, ...], limits: Limits) -> Iterator[str]:
    for each in found:
        error = each.error
        if error and error.low > limits.most_error and error.value > error.chance_high:
            yield (
                f"probabilities of {each.signal}, {each.profile} are off by {error.value:.3f} "
                f"[{error.low:.3f}, {error.high:.3f}]: {each.mean_predicted:.3f} foretold, "
                f"{each.mean_label:.3f} came"
            )


def _drifted(what: str, found: tuple[Drift, ...], limits: Limits) -> Iterator[str]:
    for drift in found:
        if drift.psi > limits.much_drift and drift.p < limits.p and not drift.with_time:
            yield f"{what} {drift.name} has drifted: stability index {drift.psi:.2f}"


def _changed(found: tuple[Drift, ...], limits: Limits) -> Iterator[str]:
    for drift in found:
        if drift.fresh_share > limits.fresh_share:
            yield (
                f"column {drift.name} has words never seen before in {drift.fresh_share:.1%} of "
                f"the rows: {', '.join(drift.fresh[:3])}"
            )
        if abs(drift.missing_now - drift.missing_before) > limits.missing and drift.p < limits.p:
            yield (
                f"column {drift.name} is missing in {drift.missing_now:.1%} of the rows, was "
                f"{drift.missing_before:.1%}"
            )


def _old(watched: Watched, limits: Limits) -> Iterator[str]:
    if watched.age_days > limits.most_days:
        yield f"the champion learned until {watched.age_days:.0f} days ago"
