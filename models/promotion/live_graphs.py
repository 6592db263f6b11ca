"""The rule that live answers are the model set's own: its graphs against its models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.live_parity import TOLERANCE, furthest_apart, has_graphs
from models.model_set import read_manifest
from models.promotion.rule import Rule
from models.tried_rows import mixed_rows

_NAME = "live graphs"


def rule(folder: Path, *, columns: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> Rule:
    """Return whether the graphs of a challenger give the numbers of its models.

    On 10,000 contacts, mixed from the judged ones in `columns` where every feature is there, else
    drawn as the encoder knows them. A set of an earlier version has no graphs and passes.
    """
    if not has_graphs(folder):
        said = "live graphs: none; answers in batches and on pages alone. Train again for live ones"
        return Rule(_NAME, True, said)
    features = [name for name, _ in read_manifest(folder).features]
    judged = {name: columns[name] for name in features if name in columns}
    whole = len(judged) == len(features) and all(len(values) for values in judged.values())
    rows = mixed_rows(judged, rng=rng) if whole and judged else None
    apart = furthest_apart(folder, rng=rng, columns=rows)
    said = (
        f"live graphs: at most {apart.by:.2g} from the models on {apart.rows:,} contacts of every "
        f"profile (at most {TOLERANCE:g} is allowed)"
    )
    if not apart.holds:
        said += f"; furthest for {apart.what}"
    return Rule(_NAME, apart.holds, said, apart.by, rows=apart.rows)
