"""How far the live graphs are from the models that they were joined from, on many contacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.encoding import Columns, Encoder
from models.errors import ParityError
from models.live import LiveModelSet, LiveScores
from models.model_set import ALL_PROFILES, ENCODING, live_file, read_json, read_signal
from models.signals import Signal, Task
from models.tried_rows import drawn_rows

# What the two may differ by: in probability, and for amounts in units of the label's spread.
TOLERANCE = 1e-5

Scores: TypeAlias = NDArray[np.float64]
Offers: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Apart:
    """The largest difference, where it was found, and on how many contacts it was looked for."""

    by: float
    what: str
    rows: int

    @property
    def holds(self) -> bool:
        """Whether it is within the tolerance; a difference that is no number is not."""
        return self.by <= TOLERANCE


def has_graphs(folder: Path) -> bool:
    """Return whether a model set has live graphs; sets of earlier versions have none."""
    return (folder / live_file(ALL_PROFILES)).is_file()


def furthest_apart(
    folder: Path, *, rng: np.random.Generator, columns: Columns | None = None
) -> Apart:
    """Return the largest difference between live and batch answers of a folder, over all profiles.

    On `columns`, or on contacts drawn as the encoder knows them; each contact with one offer.
    Raises what loading raises.
    """
    models, live = CompiledModelSet.load(folder), LiveModelSet.load(folder)
    asked = drawn_rows(models.encoder, rng=rng) if columns is None else columns
    matrix = models.encode(asked)
    offer = offers_of(len(matrix), len(models.offer_ids))
    worst = Apart(0.0, "", len(matrix))
    for profile in (ALL_PROFILES, *models.profiles):
        scores = live.score_many(asked, profile=profile)
        for signal, batch, scale in _batch(models, folder, matrix, profile=profile, offer=offer):
            by = difference(at_offer(scores.of(signal), offer), batch, scale=scale)
            if not by <= worst.by:
                worst = Apart(by, f"{signal} of profile '{profile}'", len(matrix))
        by = reasons_apart(live, asked, scores, profile=profile, offer=offer)
        if not by <= worst.by:
            worst = Apart(by, f"the reasons of profile '{profile}'", len(matrix))
    return worst


def reasons_apart(
    live: LiveModelSet, columns: Columns, scores: LiveScores, *, profile: str, offer: Offers
) -> float:
    """Return how far the sum of the shares is from the chance of acceptance; 0 without reasons."""
    known = live.shares_of(profile)
    if known is None:
        return 0.0
    shares = known.shares(live.many_inputs(columns), offer=offer)
    accept = at_offer(scores.of(Signal.ACCEPT), offer)
    return difference(known.chance(shares.sum(axis=1)), accept, scale=1.0)


def demand_live_parity(folder: Path, *, rng: np.random.Generator, count: int) -> None:
    """Raise ParityError unless the live graphs give their models' numbers on `count` contacts."""
    drawn = drawn_rows(Encoder.from_json(read_json(folder / ENCODING)), rng=rng, count=count)
    apart = furthest_apart(folder, rng=rng, columns=drawn)
    if not apart.holds:
        raise ParityError(
            f"The live graphs of {folder} are {apart.by:.2g} from its models for {apart.what}.",
            fix=f"At most {TOLERANCE:g} is allowed: fetch the model set from the registry again, "
            "or train it again.",
        )


def difference(live: Scores, batch: Scores, *, scale: float) -> float:
    """Return the largest difference in units of `scale`; both NaN is none, one NaN is NaN."""
    if np.array_equal(np.isnan(live), np.isnan(batch)):
        return float(np.nanmax(np.abs(live - batch), initial=0.0)) / scale
    return float("nan")


def offers_of(count: int, offers: int) -> Offers:
    """Return (count,) offers, each as often as the others; -1 where there are none."""
    return np.arange(count) % offers if offers else np.full(count, -1)


def at_offer(scores: Scores, offer: Offers) -> Scores:
    """Return (n,) of the (n, k) scores, each contact's with its offer."""
    return np.asarray(scores[np.arange(len(scores)), np.maximum(offer, 0)])


def _batch(
    models: CompiledModelSet,
    folder: Path,
    matrix: NDArray[np.float32],
    *,
    profile: str,
    offer: Offers,
) -> Iterator[tuple[str, Scores, float]]:
    """Yield each signal's (n,) batch answers with the size of one unit, and the effects."""
    whose = np.full(len(matrix), profile)
    found: dict[str, Scores] = {}
    for signal in models.signals:
        answer = models.manifest.answer(signal, profile)
        if answer is None:
            continue
        amount = signal.task is Task.AMOUNT
        scale = read_signal(folder / answer.file).scale if amount else 1.0
        found[signal] = models.predict(signal, matrix, profile=whose, offer=offer)
        yield signal, found[signal], scale
    effects = np.full(len(matrix), np.nan)
    if models.offer_ids:
        effects = at_offer(models.elected_effects(matrix, profile=whose), offer)
        if np.isnan(effects).all() and {Signal.ACCEPT, Signal.BASELINE} <= found.keys():
            effects = found[Signal.ACCEPT] - found[Signal.BASELINE]
    yield "uplift", effects, max(1.0, float(np.nan_to_num(effects).std()))
