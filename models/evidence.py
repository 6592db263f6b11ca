"""What a model set says of itself: metrics, the points of the plots and the judged rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.candidates.contract import Name
from models.judging.measures import curves, judge
from models.model_set import CURVES, JUDGE, METRICS, Answer, write_json
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
    champion: Scores
    all_profiles: Scores
    candidates: Mapping[Name, Scores]
    select_losses: Mapping[Name, float]


def write_evidence(folder: Path, judged: Iterable[Judged], *, labelled: Labelled) -> None:
    """Write metrics.json, curves.json and judge.parquet into a model set folder."""
    metrics: list[dict[str, Any]] = []
    plots: list[dict[str, Any]] = []
    tables: list[pa.Table] = []
    for part in judged:
        metrics += _metrics(part)
        if Signal(part.answer.signal).task is Task.PROBABILITY:
            plots.append(
                {
                    "signal": part.answer.signal,
                    "profile": part.answer.profile,
                    **asdict(curves(part.label, part.champion)),
                }
            )
        tables.append(_table(part, labelled.ids, labelled.offer_ids))
    write_json(folder / METRICS, metrics)
    write_json(folder / CURVES, plots)
    pq.write_table(pa.concat_tables(tables) if tables else _SCHEMA.empty_table(), folder / JUDGE)


_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("offer_id", pa.string()),
        ("profile", pa.string()),
        ("signal", pa.string()),
        ("label", pa.float64()),
        ("prediction", pa.float64()),
        ("prediction_all_profiles", pa.float64()),
    ]
)


def _metrics(part: Judged) -> list[dict[str, Any]]:
    task = Signal(part.answer.signal).task
    predictions: dict[str, Scores] = {
        **{str(name): predicted for name, predicted in part.candidates.items()},
        CHAMPION: part.champion,
        SINGLE: part.all_profiles,
    }
    return [
        {
            "signal": part.answer.signal,
            "profile": part.answer.profile,
            "candidate": name,
            "is_champion": name == part.answer.champion,
            "uses": part.answer.uses,
            "select_loss": part.select_losses.get(Name(name)) if name in set(Name) else None,
            **asdict(judge(part.label, predicted, task=task)),
        }
        for name, predicted in predictions.items()
    ]


def _table(part: Judged, ids: NDArray[Any], offer_ids: tuple[str, ...]) -> pa.Table:
    """Return the part's own rows: those of all profiles together are written with each profile."""
    own = part.profile == part.answer.profile
    named = np.array([*offer_ids, None], dtype=object)
    columns = [
        ids[part.row[own]].astype(str),
        named[part.offer[own]],
        part.profile[own],
        np.full(int(own.sum()), part.answer.signal),
        part.label[own],
        part.champion[own],
        part.all_profiles[own],
    ]
    return pa.Table.from_arrays(
        [pa.array(column, type=field.type) for column, field in zip(columns, _SCHEMA, strict=True)],
        schema=_SCHEMA,
    )
