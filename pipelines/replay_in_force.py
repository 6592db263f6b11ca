"""What was in force for a logged decision: from the log's record and the kept strategy set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from features.errors import FeatureError
from models.live import LiveModelSet
from pipelines.replay_log import LogReading
from routing.errors import RoutingError
from routing.in_force import InForce, LiveModels, Record, in_force_from, read_record
from routing.open_set import OpenSet
from routing.strategy_pointer import file_of
from serving.live_scoring import LiveScoring
from serving.log_entry import LoggedDecision

K = TypeVar("K")
V = TypeVar("V")

_MOST_KEPT = 8  # open sets, and what was in force: a log seldom goes back


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was in force, or None with `why` in words; the record, where the log has one."""

    in_force: InForce | None
    record: Record | None
    why: str | None


class Rebuilding:
    """Rebuilds what was in force; what it has opened it keeps for the next decisions."""

    def __init__(self, log: LogReading, *, home: Path) -> None:
        self._log = log
        self._home = home
        self._sets: dict[str, OpenSet | None] = {}
        self._rebuilt: dict[tuple[str | None, str | None], Rebuilt] = {}

    def of(self, entry: LoggedDecision) -> Rebuilt:
        """Return what was in force for one decision."""
        key = (entry.in_force, entry.strategy_set)
        found = self._rebuilt.get(key)
        if found is None:
            found = self._rebuild(entry)
            _keep(self._rebuilt, key, found)
        return found

    def strategies(self, label: str) -> OpenSet | None:
        """Return the set of the label, or None where its file is gone or damaged."""
        if label not in self._sets:
            try:
                opened = OpenSet.open(self._home / "strategies" / file_of(label))
            except RoutingError:
                opened = None
            _keep(self._sets, label, opened)
        return self._sets[label]

    def _rebuild(self, entry: LoggedDecision) -> Rebuilt:
        body = self._log.record_of(entry.in_force) if entry.in_force is not None else None
        if body is None:
            return Rebuilt(None, None, "The log has no record of what was in force.")
        try:
            record = read_record(body)
        except msgspec.MsgspecError as error:
            return Rebuilt(None, None, f"The record of what was in force is damaged: {error}.")
        strategies = None
        if record.strategy_set is not None:
            strategies = self.strategies(record.strategy_set)
            if strategies is None:
                gone = f"The file of strategy set {record.strategy_set} is gone."
                return Rebuilt(None, record, gone)
        live = live_models(self._home, record.live_models)
        made = in_force_from(record, strategies=strategies, live=live)
        if made.in_force_id != entry.in_force and live is None and record.live_models is not None:
            return Rebuilt(made, record, f"Model set {record.live_models} is not kept any more.")
        return Rebuilt(made, record, None)


def live_models(home: Path, version: str | None) -> LiveModels | None:
    """Return the model set that scored contacts then, or None where it is not kept."""
    if version is None:
        return None
    try:
        models = LiveModelSet.load(home / "models" / version)
    except FeatureError:
        return None
    return LiveScoring(models) if models.version == version else None


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    while len(kept) >= _MOST_KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
