"""The settings of each signal's candidates: those given, or what a search found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from features.progress import Track, silent
from models.model_set import ALL_PROFILES
from models.origins import origins_of
from models.planning import Election, Labelled, SignalRows
from models.search import Searched, search
from models.settings import TrainingSettings
from models.signals import Signal, Task

JOURNAL = "search.journal"


def searched_settings(
    jobs: Sequence[Election],
    rows_of: Mapping[Signal, SignalRows],
    *,
    labelled: Labelled,
    settings: TrainingSettings,
    folder: Path,
    track: Track = silent,
) -> dict[Signal, Searched]:
    """Return each signal's settings; searched for on its all-profiles rows where asked for."""
    given = replace(settings.candidates, seed=settings.seed, device=settings.device)
    found = {job.signal: Searched(given, ()) for job in jobs}
    if not settings.search_seconds:
        return found
    for job in jobs:
        if job.profile != ALL_PROFILES:
            continue
        rows = rows_of[job.signal]
        scale = max(float(rows.pairs.label[job.fit].std()), 1e-9)
        fit, select = (rows.take(chosen) for chosen in (job.fit, job.select))
        if job.signal.task is Task.AMOUNT:
            fit, select = (replace(each, label=each.label / scale) for each in (fit, select))
        rng = np.random.default_rng(settings.seed)
        found[job.signal] = search(
            origins_of(fit, select, count=settings.origins, rng=rng),
            task=job.signal.task,
            settings=given,
            seconds=settings.search_seconds,
            trials=settings.search_trials,
            journal=folder / JOURNAL,
            name=f"{job.signal} {labelled.fingerprint} {labelled.as_of}",
            track=track,
        )
    return found


def search_rows(searched: Mapping[Signal, Searched]) -> list[dict[str, Any]]:
    """Return a row per signal and candidate: trials, losses and the settings that were taken."""
    return [
        {"signal": str(signal), **row} for signal, found in searched.items() for row in found.told
    ]
