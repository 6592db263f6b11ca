"""Which figures a model set gets: one per signal, and the top features of each profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from models.model_set import JUDGE, read_manifest
from models.promotion.contest import judged_rows
from models.report.leading import Leading
from models.report.plots import Judged, leading_figure, signal_figure
from models.signals import Signal


def figures(folder: Path, *, top: tuple[Leading, ...]) -> Iterator[tuple[str, Figure]]:
    """Yield each figure with its name, such as `accept` and `top_features/accept_lead`."""
    held = tuple(dict.fromkeys(answer.signal for answer in read_manifest(folder).answers))
    for name in held:
        judged = _by_profile(folder, Signal(name))
        if judged:
            yield name, signal_figure(Signal(name), judged)
    for signal, profile in dict.fromkeys((row.signal, row.profile) for row in top):
        rows = [row for row in top if (row.signal, row.profile) == (signal, profile)]
        title = f"{signal}, {profile}: what moves it"
        yield f"top_features/{signal}_{profile}", leading_figure(title, rows)


def _by_profile(folder: Path, signal: Signal) -> Judged:
    if not (folder / JUDGE).is_file():
        return {}
    rows = judged_rows(folder / JUDGE, signal=signal)
    profile = np.asarray(rows["profile"], dtype=np.str_)
    return {
        str(name): (rows["label"][profile == name], rows["prediction"][profile == name])
        for name in np.unique(profile)
    }
