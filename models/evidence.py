"""What a model set says of itself: metrics, tables, the points of the plots and the judged rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.contract import Kind
from models.candidates.contract import Name
from models.judging.deciles import by_tenth
from models.judging.fairness import GROUPED, Group, fairness
from models.judging.measures import curves, judge
from models.judging.segments import Segment, weakest
from models.model_set import (
    ALL_PROFILES,
    CURVES,
    DECILES,
    FAIRNESS,
    JUDGE,
    JUDGE_COLUMNS,
    METRICS,
    SEGMENTS,
    Answer,
    write_json,
)
from models.planning import Labelled
from models.signals import Signal, Task

Scores = NDArray[np.float64]
# The two rows of metrics beside the candidates' own: the champion as it answers, fitted again,
# and the all-profiles model on the same rows.
CHAMPION, SINGLE = "champion", "all_profiles"


@dataclass(frozen=True, slots=True)
class Judged:
    """One signal's and profile's judge rows, and what each model says of them."""

    answer: Answer
    row: NDArray[np.intp]
    profile: NDArray[np.str_]
    offer: NDArray[np.intp]
    label: Scores
    weight: Scores
    champion: Scores
    # As the set answers: every row by its own profile's model.
    answered: Scores
    all_profiles: Scores
    candidates: Mapping[Name, Scores]
    select_losses: Mapping[Name, float]


def write_evidence(folder: Path, judged: Iterable[Judged], *, labelled: Labelled) -> None:
    """Write the files of evidence (see models.model_set) into a model set folder."""
    metrics: list[dict[str, Any]] = []
    plots: list[dict[str, Any]] = []
    tenths: list[dict[str, Any]] = []
    tables: list[pa.Table] = []
    rows: list[NDArray[np.intp]] = []
    weak: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for part in judged:
        task = Signal(part.answer.signal).task
        said = {"signal": part.answer.signal, "profile": part.answer.profile}
        cluster = None if labelled.customer is None else labelled.customer[part.row]
        metrics += _metrics(part, cluster)
        found = by_tenth(part.label, part.champion, task=task, cluster=cluster)
        tenths.append({**said, "tenths": [asdict(tenth) for tenth in found]})
        if task is Task.PROBABILITY:
            plots.append({**said, **asdict(curves(part.label, part.champion))})
            if part.answer.profile == ALL_PROFILES:
                weak += [{**said, **asdict(each)} for each in _weakest(part, labelled, cluster)]
                groups += [{**said, **asdict(each)} for each in _groups(part, labelled, cluster)]
        tables.append(_table(part, labelled))
        rows.append(part.row)
    write_json(folder / METRICS, metrics)
    write_json(folder / CURVES, plots)
    write_json(folder / DECILES, tenths)
    write_json(folder / SEGMENTS, weak)
    write_json(folder / FAIRNESS, groups)
    schema = _schema(labelled)
    pq.write_table(pa.concat_tables(tables) if tables else schema.empty_table(), folder / JUDGE)
    seen = np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.intp)
    pq.write_table(_columns(labelled, seen), folder / JUDGE_COLUMNS)


def _weakest(part: Judged, labelled: Labelled, cluster: NDArray[Any] | None) -> tuple[Segment, ...]:
    """Return where the set is weakest over all profiles: each answered by its own model."""
    columns = {name: np.asarray(labelled.columns[name])[part.row] for name in labelled.kinds}
    kinds = dict(labelled.kinds)
    if len(np.unique(part.profile)) > 1:
        columns["profile"], kinds["profile"] = part.profile.astype(object), Kind.NOMINAL
    return weakest(columns, part.label, part.answered, kinds=kinds, cluster=cluster)


def _groups(part: Judged, labelled: Labelled, cluster: NDArray[Any] | None) -> tuple[Group, ...]:
    columns = {
        name: np.asarray(labelled.columns[name])[part.row]
        for name in GROUPED
        if name in labelled.kinds
    }
    return fairness(columns, part.label, part.answered, cluster=cluster)


def _schema(labelled: Labelled) -> pa.Schema:
    at = pa.timestamp("us", tz="UTC") if labelled.dated else pa.int64()
    return pa.schema(
        [
            ("contact_id", pa.string()),
            ("customer_id", pa.string()),
            ("at", at),
            ("offer_id", pa.string()),
            ("profile", pa.string()),
            ("signal", pa.string()),
            ("label", pa.float64()),
            ("weight", pa.float64()),
            ("prediction", pa.float64()),
            ("prediction_all_profiles", pa.float64()),
        ]
    )


def _metrics(part: Judged, cluster: NDArray[Any] | None) -> list[dict[str, Any]]:
    """Return a row per candidate, champion and single model; the champion's has intervals."""
    task = Signal(part.answer.signal).task
    predictions: dict[str, Scores] = {
        **{str(name): predicted for name, predicted in part.candidates.items()},
        CHAMPION: part.champion,
        SINGLE: part.all_profiles,
    }
    found = []
    for name, predicted in predictions.items():
        figures = asdict(
            judge(part.label, predicted, task=task, cluster=cluster, intervals=name == CHAMPION)
        )
        for measure, (low, high) in figures.pop("intervals").items():
            figures |= {f"{measure}_low": low, f"{measure}_high": high}
        found.append(
            {
                "signal": part.answer.signal,
                "profile": part.answer.profile,
                "candidate": name,
                "is_champion": name == part.answer.champion,
                "uses": part.answer.uses,
                "select_loss": part.select_losses.get(Name(name)) if name in set(Name) else None,
                **figures,
            }
        )
    return found


def _table(part: Judged, labelled: Labelled) -> pa.Table:
    """Return the part's own rows: those of all profiles together are written with each profile."""
    own = part.profile == part.answer.profile
    row = part.row[own]
    named = np.array([*labelled.offer_ids, None], dtype=object)
    whose = labelled.ids if labelled.customer is None else labelled.customer
    at = np.zeros(len(row), dtype=np.int64) if labelled.at is None else labelled.at[row]
    columns: list[Any] = [
        labelled.ids[row].astype(str),
        whose[row].astype(str),
        at.astype(np.int64),
        named[part.offer[own]],
        part.profile[own],
        np.full(len(row), part.answer.signal),
        part.label[own],
        part.weight[own],
        part.champion[own],
        part.all_profiles[own],
    ]
    schema = _schema(labelled)
    arrays = [pa.array(column) for column in columns]
    return pa.Table.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)],
        schema=schema,
    )


def _columns(labelled: Labelled, rows: NDArray[np.intp]) -> pa.Table:
    """Return what was known of each judged contact: its raw features, once."""
    arrays: dict[str, pa.Array] = {
        "contact_id": pa.array(labelled.ids[rows].astype(str), type=pa.string())
    }
    for name, kind in labelled.kinds.items():
        values = np.asarray(labelled.columns[name])[rows]
        if kind is Kind.NOMINAL:
            words = [None if v is None or v != v else str(v) for v in values.tolist()]
            arrays[name] = pa.array(words, type=pa.string())
        else:
            arrays[name] = pa.array(np.asarray(values, dtype=np.float64), from_pandas=True)
    return pa.table(arrays)
