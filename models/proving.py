"""The proof that a written model set answers as its fitted models do, in batches and live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import Rows
from models.compile import demand_parity
from models.compiled import CompiledModelSet
from models.effect_writing import expected_effects, prove_profiles
from models.live import LiveModelSet
from models.live_parity import Offers, at_offer, offers_of, reasons_apart
from models.model_set import ALL_PROFILES
from models.planning import Election, Labelled, SignalRows
from models.profile_effects import ProfileEffects
from models.selection import Elected
from models.signals import Signal
from models.tried_rows import mixed_rows

# Held-out rows on which compiled and fitted predictions must agree.
_PARITY_ROWS = 2000


def prove_batches(
    compiled: CompiledModelSet,
    elected: Mapping[tuple[str, str], Elected],
    rows_of: Mapping[Signal, SignalRows],
    jobs: Sequence[Election],
    *,
    effects: Sequence[ProfileEffects],
) -> None:
    """Raise ParityError unless the set gives the fitted models' numbers on select rows."""
    for job in jobs:
        winner = elected[job.signal, job.profile]
        rows = rows_of[job.signal].take(job.select[:_PARITY_ROWS])
        profile = np.full(len(rows), job.profile)
        found = compiled.predict(job.signal, rows.matrix, profile=profile, offer=rows.offer)
        demand_parity(
            found,
            winner.predict(rows),
            what=f"{job.signal} model of profile '{job.profile}'",
            scale=winner.scale,
        )
    prove_profiles(compiled, effects)


def prove_live(
    folder: Path,
    compiled: CompiledModelSet,
    elected: Mapping[tuple[str, str], Elected],
    *,
    labelled: Labelled,
    effects: Sequence[ProfileEffects],
) -> None:
    """Raise ParityError unless each live graph gives the fitted models' numbers.

    On 10,000 contacts of its profile, half of them mixed from several (models.tried_rows), each
    with one offer; drawn by the seed of the training.
    """
    live = LiveModelSet.load(folder)
    rng = np.random.default_rng(compiled.manifest.settings["seed"])
    for profile in (ALL_PROFILES, *compiled.profiles):
        columns = mixed_rows(_of_profile(labelled, profile), rng=rng)
        matrix = compiled.encode(columns)
        scores = live.score_many(columns, profile=profile)
        offer = offers_of(len(matrix), len(live.offer_ids))
        whose = f"of profile '{profile}'"
        for signal, winner in _answering(compiled, elected, profile):
            rows = _rows(matrix, offer, offers=len(live.offer_ids))
            demand_parity(
                at_offer(scores.of(signal), offer),
                winner.predict(rows),
                what=f"live {signal} {whose}",
                scale=winner.scale,
            )
        apart = reasons_apart(live, columns, scores, profile=profile, offer=offer)
        demand_parity(np.array([apart]), np.zeros(1), what=f"sum of the reasons {whose}")
        for each in effects:
            fitted = expected_effects(each, matrix) if each.profile == profile else None
            if fitted is not None:
                spread = max(float(each.rows.outcome.std()), 1e-9)
                demand_parity(scores.uplift, fitted, what=f"live uplift {whose}", scale=spread)


def _answering(
    compiled: CompiledModelSet, elected: Mapping[tuple[str, str], Elected], profile: str
) -> Iterator[tuple[Signal, Elected]]:
    for signal in compiled.signals:
        answer = compiled.manifest.answer(signal, profile)
        if answer is not None:
            yield signal, elected[signal, answer.uses]


def _of_profile(labelled: Labelled, profile: str) -> dict[str, NDArray[np.generic]]:
    own = np.flatnonzero(labelled.profile == profile)
    chosen = own if len(own) else np.arange(len(labelled.ids))
    return {name: labelled.columns[name][chosen] for name in labelled.kinds}


def _rows(matrix: NDArray[np.float32], offer: Offers, *, offers: int) -> Rows:
    nothing = np.zeros(len(matrix))
    return Rows(matrix, offer, offers, nothing, nothing + 1.0, nothing.astype(np.int64))
