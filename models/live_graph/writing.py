"""Write the live graphs of a model set's folder: one per profile that has models of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.encoding import Encoder
from models.live_graph.joining import profile_graph
from models.live_graph.reasons import reasons_of
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    Manifest,
    live_file,
    read_json,
    read_manifest,
    read_signal,
    reasons_file,
    reasons_trees_file,
    write_json,
)
from models.signals import Signal
from models.uplift.effect_form import EffectPart, read_effects

Rows: TypeAlias = NDArray[np.float32]


def write_graphs(folder: Path, *, rows: Mapping[str, Rows] | None = None) -> tuple[str, ...]:
    """Write the graphs beside the models that they are joined from; return the files written.

    A profile whose every answer is the all-profiles models' has no file: their graph answers.
    `rows` are encoded contacts of each profile, with the offers' columns, that reasons are given
    against; without them there are none.
    """
    manifest = read_manifest(folder)
    encoder = Encoder.from_json(read_json(folder / ENCODING))
    signals = tuple(Signal(name) for name in dict.fromkeys(row.signal for row in manifest.answers))
    written = []
    for profile in (ALL_PROFILES, *manifest.profiles):
        if profile != ALL_PROFILES and not _own(manifest, profile):
            continue
        found = {signal: manifest.answer(signal, profile) for signal in signals}
        forms = {s: read_signal(folder / a.file) for s, a in found.items() if a is not None}
        model = profile_graph(
            encoder,
            signals=signals,
            forms=forms,
            effects=_effects(manifest, folder, profile),
            offers=len(manifest.offer_ids),
            folder=folder,
        )
        written.append(_saved(folder, live_file(profile), model))
        known = (rows or {}).get(profile)
        if known is None or not len(known) or Signal.ACCEPT not in forms:
            continue
        told = reasons_of(
            encoder,
            forms[Signal.ACCEPT],
            rows=known,
            offers=len(manifest.offer_ids),
            folder=folder,
        )
        if told is not None:
            shares, trees = told
            write_json(folder / reasons_file(profile), shares)
            written.append(reasons_file(profile))
            if trees is not None:
                written.append(_saved(folder, reasons_trees_file(profile), trees))
    return tuple(written)


def _saved(folder: Path, file: str, model: Any) -> str:
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return file


def _own(manifest: Manifest, profile: str) -> bool:
    """Return whether a profile is answered otherwise than one that nobody knows."""
    models = {row.uses for row in manifest.answers if row.profile == profile}
    effects = {row.files for row in manifest.effects if row.profile in {profile, ALL_PROFILES}}
    return bool(models - {ALL_PROFILES} or effects - {()})


def _effects(manifest: Manifest, folder: Path, profile: str) -> tuple[EffectPart, ...]:
    for row in manifest.effects:
        if row.profile == profile and row.files:
            return read_effects(folder, stem=row.files[0].removesuffix(".json")).parts
    return ()
