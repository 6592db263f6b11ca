"""Fresh contacts beside those the champion was judged on: from the workspace to a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import ContractError
from features.progress import Track, silent
from features.staging import staged_file
from models.compiled import CompiledModelSet
from models.errors import ModelSetNotFoundError
from models.model_set import ALL_PROFILES, read_manifest
from models.pairs import Pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal, Task
from models.training import as_numpy, read_labelled
from models.watching.advice import Limits, Watched, reasons_of
from models.watching.drift import Drift, column_drift, score_drift
from models.watching.performance import Foretold, Performance, performance

# Fewer fresh contacts say nothing of the next ones.
FEWEST_CONTACTS = 200
_DAY = 86_400.0
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The champion, all contacts of the frame, which were judged on and which came after."""

    models: CompiledModelSet
    labelled: Labelled
    offer: NDArray[np.intp]
    before: Mask
    fresh: Mask


def watch(
    home: Path,
    *,
    tables: Path,
    as_of: datetime,
    limits: Limits | None = None,
    track: Track = silent,
) -> tuple[Watched, Path]:
    """Compare HOME's fresh contacts with those the champion was judged on; return it and the page.

    Fresh are those of the training frame after the champion's own `as_of`; build the features
    first. The page and its figures go to HOME/watch/<as_of>/. Raises ModelSetNotFoundError
    without a champion, ContractError where there are too few fresh contacts, DataNotFoundError
    without features.
    """
    from models import registry
    from models.watching.page import page

    limits = limits or Limits()
    champion = registry.current(home)
    if champion is None:
        raise ModelSetNotFoundError(
            "There is no champion to watch.", fix="`callworth promote` puts a model set in force."
        )
    manifest = read_manifest(champion)
    seen = _see(home, champion, tables=tables, as_of=as_of)
    with track("Comparing fresh contacts", total=3, unit="parts") as done:
        columns = _columns(seen)
        done(1)
        scores = tuple(_scores(seen))
        done(1)
        told = tuple(_performance(seen))
        done(1)
    until = datetime.fromisoformat(manifest.as_of)
    watched = Watched(
        model_set=manifest.version,
        before=f"{int(seen.before.sum()):,} contacts from {manifest.judged_from[:10]}",
        now=f"{int(seen.fresh.sum()):,} contacts from {manifest.as_of[:10]} to {as_of:%Y-%m-%d}",
        contacts=int(seen.fresh.sum()),
        age_days=(as_of - until).total_seconds() / _DAY,
        columns=columns,
        scores=scores,
        performance=told,
    )
    watched = replace(watched, reasons=reasons_of(watched, limits=limits))
    return watched, _write(home, watched, text=page(watched, limits=limits), as_of=as_of)


def _see(home: Path, champion: Path, *, tables: Path, as_of: datetime) -> _Seen:
    manifest = read_manifest(champion)
    settings = TrainingSettings()
    labelled = read_labelled(home, tables=tables, settings=settings, as_of=as_of)
    assert labelled.at is not None
    at = np.asarray(labelled.at, dtype=np.int64)
    until = _microseconds(manifest.as_of)
    fresh = at >= until
    before = (at >= _microseconds(manifest.judged_from)) & ~fresh
    if min(int(fresh.sum()), int(before.sum())) < FEWEST_CONTACTS:
        raise ContractError(
            f"There are {int(fresh.sum())} contacts since {manifest.as_of[:10]}, when the champion "
            f"learned last, and {int(before.sum())} that it was judged on.",
            fix=f"Each needs {FEWEST_CONTACTS}: run `callworth features` on newer tables, or wait.",
        )
    frame = pq.read_table(home / "features" / "training.parquet", columns=["offer_id"])
    place = {offer: at for at, offer in enumerate(manifest.offer_ids)}
    offer = np.array(
        [place.get(str(each), -1) for each in as_numpy(frame["offer_id"]).tolist()], dtype=np.intp
    )
    models = CompiledModelSet.load(champion, threads=2)
    return _Seen(models, labelled, offer, before, fresh)


def _columns(seen: _Seen) -> tuple[Drift, ...]:
    known = seen.labelled
    kinds = {name: kind for name, kind in known.kinds.items() if name in seen.models.features}
    return column_drift(
        {name: known.columns[name][seen.before] for name in kinds},
        {name: known.columns[name][seen.fresh] for name in kinds},
        kinds=kinds,
        customers=(_whose(seen)[seen.before], _whose(seen)[seen.fresh]),
        at=np.asarray(known.at, dtype=np.int64)[seen.before],
    )


def _scores(seen: _Seen) -> Iterator[Drift]:
    """Yield the drift of what the champion says of the contacts an offer was presented in."""
    for signal, profile, before, fresh in _each(seen):
        parts = [_foretold(seen, signal, rows, seen.offer[rows]) for rows in (before, fresh)]
        yield score_drift(
            f"{signal}, {profile}",
            parts[0].predicted,
            parts[1].predicted,
            customers=(parts[0].customer, parts[1].customer),
        )


def _performance(seen: _Seen) -> Iterator[Performance]:
    for signal, profile, _, fresh in _each(seen):
        if signal.task is Task.AMOUNT or signal not in seen.labelled.pairs:
            continue
        pairs = seen.labelled.pairs[signal]
        own = np.ones(len(pairs), dtype=np.bool_)
        if profile != ALL_PROFILES:
            own = seen.labelled.profile[pairs.row] == profile
        judged = _ripe(seen, signal, pairs, own & seen.before[pairs.row])
        ripe = _ripe(seen, signal, pairs, own & seen.fresh[pairs.row])
        promised = _foretold(seen, signal, fresh, seen.offer[fresh])
        yield performance(signal, profile, before=judged, fresh=promised, ripe=ripe)


def _each(seen: _Seen) -> Iterator[tuple[Signal, str, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield each signal and profile of the set with the presented rows before and now."""
    presented = seen.offer >= 0
    for name in seen.models.signals:
        signal = Signal(name)
        # Whom nothing was presented to, and who bought, is another question than these rows ask.
        if signal in (Signal.BASELINE, Signal.LAPSE):
            continue
        for profile in (ALL_PROFILES, *sorted(set(seen.labelled.profile.tolist()))):
            own = presented
            if profile != ALL_PROFILES:
                own = presented & (seen.labelled.profile == profile)
            before, fresh = np.flatnonzero(own & seen.before), np.flatnonzero(own & seen.fresh)
            if min(len(before), len(fresh)) >= FEWEST_CONTACTS:
                yield signal, profile, before, fresh


def _ripe(seen: _Seen, signal: Signal, pairs: Pairs, chosen: Mask) -> Foretold:
    told = _foretold(seen, signal, pairs.row[chosen], pairs.offer[chosen])
    return replace(told, label=pairs.label[chosen])


def _foretold(
    seen: _Seen, signal: Signal, rows: NDArray[np.intp], offer: NDArray[np.intp]
) -> Foretold:
    known = seen.labelled
    matrix = seen.models.encode({name: known.columns[name][rows] for name in seen.models.features})
    predicted = seen.models.predict(signal, matrix, profile=known.profile[rows], offer=offer)
    return Foretold(predicted, _whose(seen)[rows])


def _whose(seen: _Seen) -> NDArray[np.object_]:
    customer = seen.labelled.customer
    return np.asarray(seen.labelled.ids if customer is None else customer)


def _microseconds(instant: str) -> int:
    at = datetime.fromisoformat(instant)
    return int(at.astimezone(UTC).timestamp() * 1_000_000)


def _write(home: Path, watched: Watched, *, text: str, as_of: datetime) -> Path:
    folder = home / "watch" / f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    folder.mkdir(parents=True, exist_ok=True)
    with staged_file(folder / "watch.json") as staged:
        staged.write_bytes(msgspec.json.format(msgspec.json.encode(watched), indent=1))
    path = folder / "watch.html"
    with staged_file(path) as staged:
        staged.write_text(text, encoding="utf-8")
    return path
