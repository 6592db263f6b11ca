"""The top features of a signal and profile, with their sign, from its linear model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.encoding import Encoder
from models.model_set import ENCODING, LinearForm, read_json, read_manifest, read_signal
from models.signals import Signal

_TOP = 15


@dataclass(frozen=True, slots=True)
class Leading:
    """One encoded column and its effect, per standard deviation or where a flag or category holds.

    The effect is in log-odds; for value it is in units of the amounts' spread.
    """

    signal: str
    profile: str
    rank: int
    column: str
    feature: str
    effect: float
    sign: str


def leading(folder: Path, *, top: int = _TOP) -> tuple[Leading, ...]:
    """Return the strongest columns per signal and profile that has a linear model of its own."""
    manifest = read_manifest(folder)
    encoder = Encoder.from_json(read_json(folder / ENCODING))
    found: list[Leading] = []
    for answer in manifest.answers:
        form = read_signal(folder / answer.file)
        linear = form.reasons or next((p for p in form.parts if isinstance(p, LinearForm)), None)
        if linear is None or answer.uses != answer.profile:
            continue
        found += _of(linear, encoder, signal=answer.signal, profile=answer.profile, top=top)
    return tuple(found)


def of_signal(rows: tuple[Leading, ...], signal: Signal, *, profile: str) -> tuple[Leading, ...]:
    """Return the rows of one signal and profile, strongest first."""
    return tuple(row for row in rows if row.signal == signal and row.profile == profile)


def _of(
    linear: LinearForm, encoder: Encoder, *, signal: str, profile: str, top: int
) -> list[Leading]:
    strongest = sorted(linear.coefficients, key=lambda pair: -abs(pair[1]))[:top]
    return [
        Leading(
            signal,
            profile,
            place + 1,
            encoder.names[column],
            encoder.sources[column],
            effect,
            "+" if effect > 0 else "-",
        )
        for place, (column, effect) in enumerate(strongest)
        if effect != 0.0
    ]
