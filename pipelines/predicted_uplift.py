"""What the promoted model set expects each offer to add, on contacts it has not seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.signals import Signal

# Enough for a curve whose band is as narrow as the page can show; bounds time and memory.
MOST_CONTACTS = 60_000

_ROWS = """
SELECT contact_id, stage, {features} FROM read_parquet($training)
WHERE offer_probability IS NOT NULL AND (offer_id IS NOT NULL OR offer_probability < 1)
  AND as_of >= CAST($since AS TIMESTAMPTZ) AND as_of <= CAST($until AS TIMESTAMPTZ)
ORDER BY hash(contact_id) LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class PredictedUplift:
    """Predicted `accept - baseline` per contact and offer; `contact_id` is sorted.

    `uplift` has one column per offer of `offer_ids`; `model_set` is its version, `since` the
    first day of the contacts that it never saw, as ISO text.
    """

    model_set: str
    since: str
    offer_ids: tuple[str, ...]
    contact_id: NDArray[np.str_]
    uplift: NDArray[np.float64]

    def of(self, offer_id: str, contact_id: NDArray[np.str_]) -> NDArray[np.float64]:
        """Return the predictions for these contacts, NaN where there is none."""
        found = np.full(len(contact_id), np.nan)
        if offer_id in self.offer_ids and len(self.contact_id):
            place = np.searchsorted(self.contact_id, contact_id)
            place = np.minimum(place, len(self.contact_id) - 1)
            known = self.contact_id[place] == contact_id
            found[known] = self.uplift[place[known], self.offer_ids.index(offer_id)]
        return found


def predicted_uplift(home: Path, *, until: str) -> PredictedUplift | None:
    """Return the promoted model set's predictions, or None where none is promoted.

    Only contacts from the model set's judging days are scored, before `until` (ISO text): a curve
    on contacts it was fitted on would flatter it. At most MOST_CONTACTS, drawn by a hash.
    """
    pointer = home / "models" / "current.json"
    if not pointer.exists():
        return None
    folder = json.loads(pointer.read_text(encoding="utf-8"))["folder"]
    models = CompiledModelSet.load(home / "models" / str(folder), threads=2)
    if not {Signal.ACCEPT, Signal.BASELINE} <= set(models.signals):
        return None
    since = models.manifest.judged_from
    columns = _rows(home / "features" / "training.parquet", models, since=since, until=until)
    contact_id = np.asarray(columns.pop("contact_id"), dtype=np.str_)
    stage = np.asarray(columns.pop("stage"), dtype=np.str_)
    order = np.argsort(contact_id)
    uplift = _uplift(models, models.encode(columns), stage=stage)
    return PredictedUplift(
        models.version, since, models.offer_ids, contact_id[order], uplift[order]
    )


def _rows(
    training: Path, models: CompiledModelSet, *, since: str, until: str
) -> dict[str, NDArray[np.generic]]:
    """Return the feature columns of the contacts to score."""
    features = ", ".join(f'"{name}"' for name in models.features)
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        given = {"training": str(training), "since": since, "until": until}
        found = connection.execute(_ROWS.format(features=features, most=MOST_CONTACTS), given)
        return {name: _filled(values) for name, values in found.fetchnumpy().items()}


def _filled(values: np.ma.MaskedArray | np.ndarray) -> NDArray[np.generic]:
    """Return plain values: absent numbers are NaN, absent texts None."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if values.dtype == object:
        texts = np.array(values.data, dtype=object)
        texts[np.ma.getmaskarray(values)] = None
        return texts
    return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))


def _uplift(
    models: CompiledModelSet, matrix: NDArray[np.float32], *, stage: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return (n, offers) of accept minus baseline."""
    columns = []
    for place in range(len(models.offer_ids)):
        offer = np.full(len(matrix), place, dtype=np.intp)
        accept = models.predict(Signal.ACCEPT, matrix, profile=stage, offer=offer)
        columns.append(accept - models.predict(Signal.BASELINE, matrix, profile=stage, offer=offer))
    return np.column_stack(columns)
