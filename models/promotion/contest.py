"""The rows on which a challenger and the champion meet: judged by the one, unknown to both."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.errors import DataNotFoundError
from models.compiled import CompiledModelSet
from models.model_set import Manifest
from models.promotion.gate import JudgedRows
from models.signals import Signal

_FRAME = Path("features") / "training.parquet"


def judged_rows(judge: Path, *, signal: Signal = Signal.ACCEPT) -> dict[str, Any]:
    """Return the judge part's columns of one signal, as numpy arrays by name."""
    with duckdb.connect(config={"threads": 2}) as session:
        session.execute("SET TimeZone = 'UTC'")
        found = session.execute(
            """
            SELECT contact_id::VARCHAR AS contact_id, offer_id::VARCHAR AS offer_id,
                   profile::VARCHAR AS profile, label::DOUBLE AS label,
                   prediction::DOUBLE AS prediction
            FROM read_parquet(?) WHERE signal = ? ORDER BY ALL
            """,
            [str(judge), str(signal)],
        ).fetchnumpy()
    return {name: _plain(values) for name, values in found.items()}


def first_rows(judge: Path) -> JudgedRows:
    """Return the challenger's judge rows when there is no champion to meet."""
    rows = judged_rows(judge)
    return JudgedRows(_profiles(rows["profile"]), rows["label"], rows["prediction"], None)


def meet(judge: Path, *, home: Path, champion: CompiledModelSet) -> JudgedRows:
    """Return the challenger's judge rows with the champion's predictions beside them.

    Contacts that the champion was fitted or chosen on are left out, and the note says how many.
    Raises DataNotFoundError when the training frame is not there or lacks a feature.
    """
    frame = home / _FRAME
    if not frame.is_file():
        raise DataNotFoundError(
            f"There is no {frame}: the champion cannot be scored on the challenger's contacts.",
            fix="Run `callworth features` on the tables that the challenger was trained on.",
        )
    rows = _with_features(judge, frame=frame, champion=champion)
    total = len(judged_rows(judge)["label"])
    kept, note = _unknown_to(champion, rows["as_of"])
    if len(kept) < total:
        note += f"; {total - len(kept):,} more are no longer in {frame.name}"
    chosen = {name: np.asarray(values)[kept] for name, values in rows.items()}
    return JudgedRows(
        _profiles(chosen["profile"]),
        chosen["label"],
        chosen["prediction"],
        _scored(champion, chosen),
        note,
    )


def _with_features(judge: Path, *, frame: Path, champion: CompiledModelSet) -> dict[str, Any]:
    with duckdb.connect(config={"threads": 2}) as session:
        session.execute("SET TimeZone = 'UTC'")
        present = [
            row[0]
            for row in session.execute(
                "DESCRIBE SELECT * FROM read_parquet(?)", [str(frame)]
            ).fetchall()
        ]
        gone = [name for name in champion.features if name not in present]
        if gone:
            raise DataNotFoundError(
                f"The champion, model set {champion.version}, needs {', '.join(gone[:3])} and "
                f"{frame} does not have it: the two cannot be compared.",
                fix="Build the frame with the champion's features, or promote with --force and "
                "say why.",
            )
        columns = ", ".join(f'f."{name}"' for name in champion.features)
        found = session.execute(
            f"""
            SELECT j.offer_id::VARCHAR AS offer_id, j.profile::VARCHAR AS profile,
                   j.label::DOUBLE AS label, j.prediction::DOUBLE AS prediction,
                   f.as_of::TIMESTAMP AS as_of, {columns}
            FROM read_parquet(?) j JOIN read_parquet(?) f USING (contact_id)
            WHERE j.signal = ? ORDER BY contact_id, j.offer_id
            """,
            [str(judge), str(frame), str(Signal.ACCEPT)],
        ).fetchnumpy()
    return {name: _plain(values) for name, values in found.items()}


def _unknown_to(champion: CompiledModelSet, at: NDArray[Any]) -> tuple[NDArray[np.bool_], str]:
    until = _seen_until(champion.manifest)
    if until is None:
        every = np.ones(len(at), dtype=np.bool_)
        return every, f"all {len(at):,} judge rows; the champion does not say what it was fitted on"
    kept = np.asarray(at >= np.datetime64(until.replace(tzinfo=None)), dtype=np.bool_)
    note = f"{int(kept.sum()):,} of the challenger's {len(at):,} judge rows"
    if not kept.all():
        note += f"; the others lie before {until:%Y-%m-%d}, where the champion was fitted"
    return kept, note


def _scored(champion: CompiledModelSet, rows: dict[str, Any]) -> NDArray[np.float64]:
    place = {name: index for index, name in enumerate(champion.offer_ids)}
    offer = np.array([place.get(name, -1) for name in rows["offer_id"]], dtype=np.intp)
    matrix = champion.encode({name: rows[name] for name in champion.features})
    return champion.predict(Signal.ACCEPT, matrix, profile=_profiles(rows["profile"]), offer=offer)


def instant(text: str) -> datetime | None:
    """Return an instant of a manifest (ISO 8601, or microseconds since 1970); None for ""."""
    if not text:
        return None
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1e6, tz=UTC)
    return datetime.fromisoformat(text).astimezone(UTC)


def _seen_until(manifest: Manifest) -> datetime | None:
    """Return before when the contacts lie that the set was fitted on or chosen by."""
    return instant(manifest.judged_from) or instant(manifest.trained_until)


def _profiles(values: NDArray[Any]) -> NDArray[np.str_]:
    return np.asarray(values, dtype=np.str_)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values without a mask: NaN, NaT or None where there is none."""
    if values.dtype.kind in "iub" and np.ma.is_masked(values):
        values = values.astype(np.float64)
    absent: Any = {"f": np.nan, "M": np.datetime64("NaT"), "O": None}.get(values.dtype.kind)
    return np.asarray(np.ma.filled(values, absent))
