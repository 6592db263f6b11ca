"""What the promoted model set expects each offer to add, on contacts it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from features.errors import FeatureError
from models.compiled import CompiledModelSet
from models.model_set import JUDGE
from models.promotion.ledger import folder_of, in_force
from models.signals import Signal
from pipelines import trained_sets

# Enough for a curve whose band is as narrow as the page can show; bounds time and memory.
MOST_CONTACTS = 60_000

# Each signal splits its own rows by time; a contact is new to both after the later first day.
_SINCE = """
SELECT CASE WHEN count(*) = 2 THEN max(first) END FROM (
  SELECT min(frame.as_of) AS first
  FROM read_parquet($judge) AS judged
  JOIN read_parquet($training) AS frame USING (contact_id)
  WHERE judged.signal IN ('accept', 'baseline') GROUP BY judged.signal)
"""
_ROWS = """
SELECT contact_id, customer_id, stage, {features} FROM read_parquet($training)
WHERE offer_probability IS NOT NULL AND (offer_id IS NOT NULL OR offer_probability < 1)
  AND as_of >= $since AND as_of < $until
ORDER BY hash(contact_id) LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class PredictedUplift:
    """Predicted effects per contact and offer, as strategies use them; `contact_id` is sorted.

    `uplift` has one column per offer of `offer_ids`; `model_set` is its version, `since` the
    instant from which it has seen no contact. `baseline` (n, offers) is who buys without being
    offered, `customer` (n,) whose contact it is, `columns` what was known of it, by kind.
    """

    model_set: str
    since: datetime
    offer_ids: tuple[str, ...]
    contact_id: NDArray[np.str_]
    uplift: NDArray[np.float64]
    baseline: NDArray[np.float64]
    customer: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    kinds: Mapping[str, Kind]

    def of(self, offer_id: str, contact_id: NDArray[np.str_]) -> NDArray[np.float64]:
        """Return the predictions for these contacts, NaN where there is none."""
        found = np.full(len(contact_id), np.nan)
        if offer_id in self.offer_ids:
            place = self.places(contact_id)
            known = place >= 0
            found[known] = self.uplift[place[known], self.offer_ids.index(offer_id)]
        return found

    def places(self, contact_id: NDArray[np.str_]) -> NDArray[np.intp]:
        """Return where these contacts stand here, -1 where they do not."""
        if not len(self.contact_id):
            return np.full(len(contact_id), -1, dtype=np.intp)
        place = np.searchsorted(self.contact_id, contact_id)
        place = np.minimum(place, len(self.contact_id) - 1)
        return np.where(self.contact_id[place] == contact_id, place, -1)


@dataclass(frozen=True, slots=True)
class Unranked:
    """There are no predictions; `why` says so in words for the page."""

    why: str


def predicted_uplift(home: Path, *, until: datetime) -> PredictedUplift | Unranked:
    """Return the predictions of the model set in force, or why there are none.

    Only contacts from its judging days on and before `until` are scored: a curve on contacts that
    it was fitted on would flatter it. At most MOST_CONTACTS, drawn by a hash.
    """
    version = in_force(home)
    if version is None:
        return Unranked("No model set is promoted yet, so nobody has been ranked for this offer.")
    folder = folder_of(home, version=version)
    try:
        models = CompiledModelSet.load(folder, threads=2)
    except FeatureError as error:
        return Unranked(f"Model set {version} cannot be loaded. {error.fact}")
    if not {Signal.ACCEPT, Signal.BASELINE} <= set(models.signals):
        return Unranked(f"Model set {version} does not say who buys without being offered.")
    training = home / "features" / "training.parquet"
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # What is promoted holds no row of the data: the folder it was trained in does.
        trained = trained_sets.folder_of(home, name=version)
        since = _since(connection, judge=trained / JUDGE, training=training)
        if since is None:
            return Unranked(f"Model set {version} does not say which contacts it has not seen.")
        columns = _rows(connection, models, training=training, since=since, until=until)
    contact_id, whose, stage = (
        np.asarray(columns.pop(name), dtype=np.str_)
        for name in ("contact_id", "customer_id", "stage")
    )
    order = np.argsort(contact_id)
    matrix = models.encode(columns)
    return PredictedUplift(
        model_set=version,
        since=since,
        offer_ids=models.offer_ids,
        contact_id=contact_id[order],
        uplift=models.effects(matrix, profile=stage)[order],
        baseline=_baseline(models, matrix, stage=stage)[order],
        customer=np.unique(whose, return_inverse=True)[1].astype(np.int64)[order],
        columns={name: values[order] for name, values in columns.items()},
        kinds={name: Kind(kind) for name, kind in models.manifest.features},
    )


def _baseline(
    models: CompiledModelSet, matrix: NDArray[np.float32], *, stage: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return (n, offers) chances of a purchase with nothing presented."""
    asked = range(len(models.offer_ids))
    return np.column_stack(
        [
            models.predict(
                Signal.BASELINE, matrix, profile=stage, offer=np.full(len(matrix), place)
            )
            for place in asked
        ]
    )


def _since(
    connection: duckdb.DuckDBPyConnection, *, judge: Path, training: Path
) -> datetime | None:
    """Return the instant from which the model set has seen no contact, if it says so."""
    if not judge.exists():
        return None
    given = {"judge": str(judge), "training": str(training)}
    found: datetime | None = connection.execute(_SINCE, given).fetchall()[0][0]
    return found


def _rows(
    connection: duckdb.DuckDBPyConnection,
    models: CompiledModelSet,
    *,
    training: Path,
    since: datetime,
    until: datetime,
) -> dict[str, NDArray[np.generic]]:
    """Return contact, stage and the feature columns of the contacts to score."""
    features = ", ".join(f'"{name}"' for name in models.features)
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
