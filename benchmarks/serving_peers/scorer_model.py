"""The model that the model servers score: as many trees, levels and columns as the demo's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

# The acceptance model of the demo for all profiles: 250 trees of depth 5; 109 columns before they
# are encoded, which is what a client would send.
TREES, DEPTH, COLUMNS = 250, 5, 109
_ROWS = 20_000


def write_model(folder: Path, *, seed: int = 1) -> Path:
    """Fit an XGBoost classifier on made-up rows and return its JSON file."""
    import xgboost

    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(_ROWS, COLUMNS)).astype(np.float32)
    chance = 1 / (1 + np.exp(-(rows[:, :8].sum(axis=1) / 3 - 1)))
    target = (draw.random(_ROWS) < chance).astype(int)
    fitted = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=2)
    fitted.fit(rows, target)
    path = folder / "model.json"
    fitted.save_model(path)
    return path


def rows_to_score(count: int, *, seed: int = 2) -> list[list[float]]:
    """Return rows as a client would send them, rounded to six places."""
    draw = np.random.default_rng(seed)
    found: list[list[float]] = draw.normal(size=(count, COLUMNS)).round(6).tolist()
    return found


def as_json(bodies: list[dict[str, object]]) -> list[bytes]:
    """Return each body as JSON on one line."""
    return [json.dumps(body).encode() for body in bodies]
