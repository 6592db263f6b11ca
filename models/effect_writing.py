"""The effects of a model set on disk: one form per profile, and the proof that it answers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.compile import demand_parity
from models.compiled import CompiledModelSet
from models.model_set import CalibrationForm, EffectAnswer, LinearForm, SignalForm
from models.profile_effects import ProfileEffects
from models.signals import Task
from models.uplift.effect_form import EffectForm, EffectPart, write_effects
from models.uplift.learners.contract import Name
from models.uplift.nested_election import NO_ONE, OWN, NestedElection, response_line

Numbers = NDArray[np.float64]

# Contacts on which compiled and fitted effects must agree.
_PARITY_ROWS = 1000


def write_profiles(profiles: Sequence[ProfileEffects], folder: Path) -> tuple[EffectAnswer, ...]:
    """Write the forms of the effects into a model set folder; return who answers for whom."""
    found = []
    for each in profiles:
        stem = f"uplift/{each.profile}"
        (folder / "uplift").mkdir(exist_ok=True)
        parts = _parts(each, folder, stem=stem)
        files: tuple[str, ...] = ()
        if parts:
            write_effects(EffectForm(each.name, False, parts), folder=folder, stem=stem)
            files = (f"{stem}.json", *(f"{stem}.{place}.json" for place in range(len(parts))))
        said = each.why if each.election is None else each.election.found
        found.append(EffectAnswer(each.profile, each.name, said, files))
    return tuple(found)


def expected_effects(each: ProfileEffects, matrix: NDArray[np.float32]) -> Numbers | None:
    """Return (n, k) effects as fitted, for comparison; None where the set's own models answer."""
    if each.election is None or each.name == OWN:
        return None
    averages = _averages(each.election)
    if each.learner is None:
        return np.tile(averages, (len(matrix), 1))
    effects = each.learner.effects(matrix)
    if not each.learner.ranks_only:
        return effects
    slope, intercepts = _line(each.election)
    return np.asarray(slope * effects + np.array(intercepts))


def prove_profiles(compiled: CompiledModelSet, profiles: Sequence[ProfileEffects]) -> None:
    """Raise ParityError unless the set gives the fitted learners' numbers on select contacts."""
    for each in profiles:
        matrix = each.rows.take(each.split.select[:_PARITY_ROWS]).matrix
        fitted = expected_effects(each, matrix)
        if fitted is None:
            continue
        found = compiled.effects(matrix, profile=np.full(len(matrix), each.profile))
        spread = max(float(each.rows.outcome.std()), 1e-9)
        demand_parity(found, fitted, what=f"effects of profile '{each.profile}'", scale=spread)


def _parts(each: ProfileEffects, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
    if each.election is None or each.name == OWN:
        return ()
    if each.learner is None:
        return (_level(_averages(each.election)),)
    parts = each.learner.forms(folder, stem=stem)
    if not each.learner.ranks_only:
        return parts
    slope, intercepts = _line(each.election)
    scaled = (replace(part, weight=part.weight * slope) for part in parts)
    return (*scaled, _level(np.array(intercepts)))


def _level(by_offer: Numbers) -> EffectPart:
    """Return one number per offer, the same for everybody."""
    form = LinearForm(0.0, (), tuple(float(by) for by in by_offer), ())
    signal = SignalForm(Task.AMOUNT, NO_ONE, (form,), (1.0,), 0.0, CalibrationForm())
    return EffectPart(1.0, signal, offered=True)


def _averages(election: NestedElection) -> Numbers:
    """Return (k,) average effects; 0 for an offer that was never compared."""
    return np.array([0.0 if e is None else e.estimate for e in election.held.average])


def _line(election: NestedElection) -> tuple[float, tuple[float, ...]]:
    held = election.held
    return response_line(held.effects[Name.RESPONSE], scores=held.scores, average=held.average)
