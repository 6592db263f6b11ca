"""Scoring the population: every customer and eligible offer, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.catalogue import phrase
from features.errors import ContractError, DataNotFoundError
from features.progress import Track
from models.per_caller import ProfileRule, by_stage
from models.signals import Signal
from routing.offers import Offer, OfferScores, eligible_at, rank
from routing.vectors import packed

ROWS_AT_ONCE = 8_192
REASONS = 3
LIFE_EVENT = "life_event"

_FLOATS = pa.list_(pa.float32())
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("partner", pa.string()),
        ("stage", pa.string()),
        ("accept", _FLOATS),
        ("baseline", _FLOATS),
        ("lapse", _FLOATS),
        ("uplift", _FLOATS),
        ("keep", pa.float32()),
        ("value", pa.float64()),
        ("reasons", pa.list_(pa.string())),
        ("effects", _FLOATS),
        ("life_event", pa.string()),
        ("vector", pa.binary()),
    ]
)
Floats = NDArray[np.float64]


class Scorer(Protocol):
    """What scoring needs of a model set; CompiledModelSet is one."""

    version: str
    features: tuple[str, ...]
    offer_ids: tuple[str, ...]

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that have a model."""
        ...

    def encode(self, columns: Mapping[str, Sequence[object] | NDArray[Any]]) -> NDArray[np.float32]:
        """Return the (n, p) matrix."""
        ...

    def predict(
        self,
        signal: str,
        matrix: NDArray[np.float32],
        *,
        profile: NDArray[np.str_],
        offer: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Return (n,) predictions."""
        ...

    def elected_effects(
        self, matrix: NDArray[np.float32], *, profile: NDArray[np.str_]
    ) -> NDArray[np.float64]:
        """Return (n, k) effects of the elected learners, NaN where none was elected."""
        ...

    def drivers(
        self, matrix: NDArray[np.float32], *, profile: NDArray[np.str_], top: int = 3
    ) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
        """Return (n, top) names and effects."""
        ...


def open_population(path: Path, *, scorer: Scorer, as_of: datetime) -> pq.ParquetFile:
    """Open the population's features; it must fit the model set and the instant.

    Raises DataNotFoundError or ContractError.
    """
    if not path.exists():
        raise DataNotFoundError(
            f"There is no population at {path}.",
            fix="Build the features first: callworth features.",
        )
    file = pq.ParquetFile(path)
    absent = [name for name in scorer.features if name not in file.schema_arrow.names]
    if absent:
        raise ContractError(
            f"{path} lacks features of model set {scorer.version}: {', '.join(absent[:5])}.",
            fix="Build the features again, with the version that trained the model set.",
        )
    for batch in file.iter_batches(batch_size=1, columns=["as_of"]):
        built = batch.column(0)[0].as_py()
        if built != as_of:
            raise ContractError(
                f"{path} says what was known at {built.astimezone(UTC):%Y-%m-%d %H:%M} UTC,"
                f" not at {as_of.astimezone(UTC):%Y-%m-%d %H:%M}.",
                fix="Build the features for this instant, or form strategies for that one.",
            )
        break
    return file


def score_population(
    file: pq.ParquetFile,
    *,
    scorer: Scorer,
    offers: Mapping[str, tuple[Offer, ...]],
    target: Path,
    track: Track,
    rule: ProfileRule = by_stage,
) -> int:
    """Write one row of scores per customer to `target`; returns how many.

    `rule` says whose models score a customer; offers fit the stage all the same.
    """
    needed = ["customer_id", "partner", "stage", *scorer.features]
    total = file.metadata.num_rows
    with (
        pq.ParquetWriter(target, SCHEMA, compression="zstd") as writer,
        track("score customers", total=total, unit="customers") as done,
    ):
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=needed):
            writer.write_batch(_score_batch(batch, scorer=scorer, offers=offers, rule=rule))
            done(batch.num_rows)
    return int(total)


def _score_batch(
    batch: pa.RecordBatch,
    *,
    scorer: Scorer,
    offers: Mapping[str, tuple[Offer, ...]],
    rule: ProfileRule,
) -> pa.RecordBatch:
    columns = {name: _plain(batch.column(name)) for name in scorer.features}
    matrix = scorer.encode(columns)
    stages = np.array(batch.column("stage").to_pylist(), dtype=np.str_)
    profiles = rule(columns, matrix, stage=stages)
    partners = np.array(batch.column("partner").to_pylist(), dtype=np.str_)
    lists: dict[str, list[Any]] = {name: [None] * len(stages) for name in _PER_OFFER}
    single = {Signal.KEEP: np.full(len(stages), np.nan), Signal.VALUE: np.full(len(stages), np.nan)}
    for partner in np.unique(partners):
        rows = np.flatnonzero(partners == partner)
        mine = offers[str(partner)]
        scores = _offer_scores(
            scorer, mine, matrix=matrix[rows], stages=stages[rows], profiles=profiles[rows]
        )
        best = _best(mine, scores, stages=stages[rows])
        numbers = _numbers(scorer, mine)
        offered = np.where(best >= 0, numbers[best], -1)
        _score_best(scorer, single, rows=rows, offered=offered, matrix=matrix, profiles=profiles)
        for name in _PER_OFFER:
            for row, values in zip(rows.tolist(), getattr(scores, name).tolist(), strict=True):
                lists[name][row] = values
    names, effects = scorer.drivers(matrix, profile=profiles, top=REASONS)
    return pa.record_batch(
        {
            "customer_id": batch.column("customer_id"),
            "partner": batch.column("partner"),
            "stage": batch.column("stage"),
            **lists,
            # Null, not NaN: DuckDB may conclude from Parquet statistics that there is no NaN.
            "keep": pa.array(single[Signal.KEEP], pa.float32(), from_pandas=True),
            "value": pa.array(single[Signal.VALUE], pa.float64(), from_pandas=True),
            "reasons": _texts(names, columns),
            "effects": effects.tolist(),
            "life_event": _life_events(columns, len(stages)),
            "vector": _vectors(columns),
        },
        schema=SCHEMA,
    )


_PER_OFFER = ("accept", "baseline", "lapse", "uplift")


def _score_best(
    scorer: Scorer,
    found: Mapping[Signal, Floats],
    *,
    rows: NDArray[np.intp],
    offered: NDArray[np.intp],
    matrix: NDArray[np.float32],
    profiles: NDArray[np.str_],
) -> None:
    """Fill `found` for those of `rows` that have a best offer; without a model it stays NaN."""
    judged, offer = rows[offered >= 0], offered[offered >= 0]
    for signal in found.keys() & set(scorer.signals):
        found[signal][judged] = scorer.predict(
            signal, matrix[judged], profile=profiles[judged], offer=offer
        )


def _plain(column: pa.Array) -> Sequence[object] | NDArray[Any]:
    """Return numbers as an array with NaN for null, texts as a list with None."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return list(column.to_pylist())
    if pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    values: NDArray[Any] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _numbers(scorer: Scorer, offers: Sequence[Offer]) -> NDArray[np.intp]:
    """Return each offer's index in the model set, -1 for one it does not know."""
    known = {offer_id: number for number, offer_id in enumerate(scorer.offer_ids)}
    return np.array([known.get(offer.offer_id, -1) for offer in offers], dtype=np.intp)


def _offer_scores(
    scorer: Scorer,
    offers: Sequence[Offer],
    *,
    matrix: NDArray[np.float32],
    stages: NDArray[np.str_],
    profiles: NDArray[np.str_],
) -> OfferScores:
    """Return the scores of eligible pairs, NaN elsewhere, rounded as they will be stored."""
    found = {name: np.full((len(stages), len(offers)), np.nan) for name in _PER_OFFER}
    eligible = eligible_at(offers, stages=stages)
    effects = scorer.elected_effects(matrix, profile=profiles)
    for place, number in enumerate(_numbers(scorer, offers).tolist()):
        rows = np.flatnonzero(eligible[:, place])
        if number < 0 or not len(rows):
            continue
        offer = np.full(len(rows), number, dtype=np.intp)
        part, profile = matrix[rows], profiles[rows]
        found["uplift"][rows, place] = effects[rows, number]
        for name, signal in zip(
            _PER_OFFER[:3], (Signal.ACCEPT, Signal.BASELINE, Signal.LAPSE), strict=True
        ):
            if signal == Signal.ACCEPT or signal in scorer.signals:
                found[name][rows, place] = scorer.predict(
                    signal, part, profile=profile, offer=offer
                )
    stored = {name: values.astype(np.float32).astype(np.float64) for name, values in found.items()}
    return OfferScores(**stored)


def _best(
    offers: Sequence[Offer], scores: OfferScores, *, stages: NDArray[np.str_]
) -> NDArray[np.intp]:
    nobody = np.zeros(len(stages), dtype=bool)
    return rank(offers, scores=scores, stages=stages, do_not_offer=nobody).best


def _texts(
    names: NDArray[np.str_], columns: Mapping[str, Sequence[object] | NDArray[Any]]
) -> list[list[str]]:
    """Return the reasons in plain words, from each customer's own values."""
    return [
        [phrase(name, columns[name][row]) for name in found if name]
        for row, found in enumerate(names.tolist())
    ]


def _vectors(columns: Mapping[str, Sequence[object] | NDArray[Any]]) -> list[bytes]:
    """Return what is known of each customer, for the live path."""
    lists = (c.tolist() if isinstance(c, np.ndarray) else c for c in columns.values())
    return [packed(values) for values in zip(*lists, strict=True)]


def _life_events(columns: Mapping[str, Sequence[object] | NDArray[Any]], count: int) -> list[str]:
    events = columns.get(LIFE_EVENT)
    if events is None:
        return [""] * count
    nothing = {phrase(LIFE_EVENT, None), phrase(LIFE_EVENT, "none")}
    said = [phrase(LIFE_EVENT, event) for event in events]
    return ["" if text in nothing else text for text in said]
