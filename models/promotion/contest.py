"""The rows on which a challenger and the champion meet: judged by the one, unknown to both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from features.errors import DataNotFoundError
from models.compiled import CompiledModelSet
from models.model_set import JUDGE_COLUMNS, Manifest
from models.promotion.gate import JudgedRows
from models.signals import Signal

_FRAME = Path("features") / "training.parquet"
# What the judge rows themselves say; every other column is what was known of the contact.
_OF_JUDGE = frozenset(
    {
        "contact_id",
        "offer_id",
        "profile",
        "label",
        "prediction",
        "as_of",
        "customer_id",
    }
)


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
    rows = _with_columns(judge, source=_columns_beside(judge))
    return _rows(rows, champion=None)


def meet(judge: Path, *, home: Path, champion: CompiledModelSet) -> JudgedRows:
    """Return the challenger's judge rows with the champion's predictions beside them.

    What was known of the contacts lies beside `judge`, or, for a set of an earlier version, in
    HOME's training frame. Contacts that the champion was fitted or chosen on are left out, and
    the note says how many. Raises DataNotFoundError when neither is there or lacks a feature.
    """
    source = _columns_beside(judge) or home / _FRAME
    if not source.is_file():
        raise DataNotFoundError(
            f"There is no {source}: the champion cannot be scored on the challenger's contacts.",
            fix="Run `callworth features` on the tables that the challenger was trained on.",
        )
    rows = _with_columns(judge, source=source, needs=champion)
    total = len(judged_rows(judge)["label"])
    kept, note = _unknown_to(champion, rows["as_of"])
    if len(kept) < total:
        note += f"; {total - len(kept):,} more are no longer in {source.name}"
    chosen = {name: np.asarray(values)[kept] for name, values in rows.items()}
    return _rows(chosen, champion=_scored(champion, chosen), note=note)


def last_contact(judge: Path) -> datetime | None:
    """Return when the latest judged contact was; None where the rows do not tell."""
    with duckdb.connect(config={"threads": 2}) as session:
        session.execute("SET TimeZone = 'UTC'")
        if "TIMESTAMP" not in _types(session, judge).get("at", ""):
            return None
        asked = 'SELECT max("at")::TIMESTAMP FROM read_parquet(?)'
        found = session.execute(asked, [str(judge)]).fetchone()
    return found[0].replace(tzinfo=UTC) if found and found[0] is not None else None


def _columns_beside(judge: Path) -> Path | None:
    beside = judge.with_name(JUDGE_COLUMNS)
    return beside if beside.is_file() else None


def _rows(
    found: dict[str, Any], *, champion: NDArray[np.float64] | None, note: str = ""
) -> JudgedRows:
    columns = {name: found[name] for name in found if name not in _OF_JUDGE}
    return JudgedRows(
        profile=_profiles(found["profile"]),
        label=found["label"],
        challenger=found["prediction"],
        champion=champion,
        note=note,
        customer=found.get("customer_id"),
        columns=columns,
        kinds={
            name: Kind.NOMINAL if values.dtype.kind == "O" else Kind.CONTINUOUS
            for name, values in columns.items()
        },
    )


def _types(session: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    described = session.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(file)])
    return {row[0]: row[1] for row in described.fetchall()}


def _with_columns(
    judge: Path, *, source: Path | None, needs: CompiledModelSet | None = None
) -> dict[str, Any]:
    """Return the judge rows of `accept` with what `source` knows of their contacts."""
    with duckdb.connect(config={"threads": 2}) as session:
        session.execute("SET TimeZone = 'UTC'")
        known = _types(session, source) if source else {}
        if needs and source:
            _demand(needs, known, source=source)
        # A training frame holds more than features: of it only the champion's are taken.
        of_frame = bool(source and source.name != JUDGE_COLUMNS)
        wanted = needs.features if needs and of_frame else [n for n in known if n not in _OF_JUDGE]
        columns = [*_told(_types(session, judge), known), *(f'f."{name}"' for name in wanted)]
        joined = f"JOIN read_parquet('{_quoted(source)}') f USING (contact_id)" if source else ""
        found = session.execute(
            f"SELECT {', '.join(columns)} FROM read_parquet('{_quoted(judge)}') j {joined} "
            "WHERE j.signal = ? ORDER BY j.contact_id, j.offer_id",
            [str(Signal.ACCEPT)],
        ).fetchnumpy()
    return {name: _plain(values) for name, values in found.items()}


def _demand(needs: CompiledModelSet, known: Mapping[str, str], *, source: Path) -> None:
    gone = [name for name in needs.features if name not in known]
    if gone:
        raise DataNotFoundError(
            f"The champion, model set {needs.version}, needs {', '.join(gone[:3])} and "
            f"{source.name} does not have it: the two cannot be compared.",
            fix="Train on a frame with the champion's features, or promote with --force and "
            "say why.",
        )


def _told(told: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """Return what is selected of the judge rows; sets of earlier versions say less."""
    at = "NULL"
    if "TIMESTAMP" in told.get("at", ""):
        at = 'j."at"'
    elif "as_of" in known:
        at = "f.as_of"
    texts = ("contact_id", "offer_id", "profile", "customer_id")
    return [
        *(f"j.{name}::VARCHAR AS {name}" for name in texts if name in told),
        "j.label::DOUBLE AS label",
        "j.prediction::DOUBLE AS prediction",
        f"{at}::TIMESTAMP AS as_of",
    ]


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


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
