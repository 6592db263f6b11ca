"""Logged contacts decided again with another strategy set: what would have been different."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from features.progress import Track, silent
from pipelines.explain import read_answer, read_contact
from pipelines.replay_in_force import Rebuilding
from pipelines.replay_log import ALWAYS, LogReading, Period, is_drawn
from pipelines.replay_tally import Difference, Tally
from routing.answer import Arm, Decision
from routing.decision import decide
from routing.default_route import was_looked_up
from routing.errors import StrategySetNotFoundError
from routing.in_force import InForce
from routing.offer_states import NOTHING_DECIDED
from routing.open_set import OpenSet
from routing.strategy_pointer import file_of, labels
from serving.log_entry import LoggedDecision

_UNREADABLE = "request or answer is not of the form of today"
_EXPLORED = "what was presented was drawn at random"
_MOST_KEPT = 64  # of what was in force, one an arm
_NOT_LOOKED_UP = "answered by default without looking anybody up: asked too fast, shed, or late"
_LIVE = "scored at the moment by a model set that is not kept"


class LeftOut(msgspec.Struct, frozen=True):
    """Logged decisions that were not decided again, and why."""

    why: str
    decisions: int


class Replayed(msgspec.Struct, frozen=True):
    """The difference that a set makes for the contacts of a log."""

    strategy_set: str
    logged: int
    left_out: tuple[LeftOut, ...]
    difference: Difference


@dataclass(slots=True)
class _Replay:
    """Decides again, with the new set in place of the one that was in force."""

    new: OpenSet
    rebuilding: Rebuilding
    made: dict[tuple[str | None, Arm], InForce] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def both(self, entry: LoggedDecision) -> tuple[Decision, Decision] | None:
        """Return the logged and the new decision, or None and count why not."""
        contact, old = read_contact(entry), read_answer(entry)
        if contact is None or old is None:
            self._leave(_UNREADABLE)
            return None
        if old.arm is Arm.EXPLORE:
            self._leave(_EXPLORED)
            return None
        if not was_looked_up(entry.source, entry.why):
            self._leave(_NOT_LOOKED_UP)
            return None
        in_force = self._in_force(entry, old.arm)
        if in_force.live is None and entry.source == "live":
            self._leave(_LIVE)
            return None
        now = datetime.fromisoformat(entry.decided_at)
        return old, decide(contact, in_force=in_force, now=now)

    def _leave(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def _in_force(self, entry: LoggedDecision, arm: Arm) -> InForce:
        """Return what was in force then but for the set; the arm stays as it was drawn then."""
        key = (entry.in_force, arm)
        if key not in self.made:
            then = self.rebuilding.of(entry)
            if len(self.made) > _MOST_KEPT:
                self.made.clear()
            self.made[key] = InForce(
                strategies=self.new,
                standings=then.record.standings if then.record else NOTHING_DECIDED,
                hold_back_share=float(arm is Arm.OFF),
                live=then.in_force.live if then.in_force else None,
            )
        return self.made[key]


def replay(
    log: Path,
    *,
    strategy_set: str,
    home: Path,
    period: Period = ALWAYS,
    sample: float = 1.0,
    track: Track = silent,
) -> Replayed:
    """Return what the set, a label kept in `home` or a file, makes different for a log's contacts.

    Every contact keeps the arm it was in, at the time it came, with marketing's decisions of then.
    `sample` in (0, 1] is the share of contacts taken, by a hash. Reads the log in bounded memory.
    """
    reading = LogReading(log)
    new = open_set(strategy_set, home=home)
    replaying = _Replay(new, Rebuilding(reading, home=home))
    tally, logged = Tally(), 0
    total = reading.count(period)
    with track("Deciding again", total=total, unit="decisions") as advance:
        for entry in reading.decisions(period):
            advance(1)
            if sample < 1.0 and not is_drawn(entry.contact_id, share=sample):
                continue
            logged += 1
            pair = replaying.both(entry)
            if pair is not None:
                tally.add(*pair)
    left_out = tuple(LeftOut(why, n) for why, n in replaying.left_out.items())
    return Replayed(new.label, logged, left_out, tally.result())


def open_set(named: str, *, home: Path) -> OpenSet:
    """Return the set of a label that `home` keeps, or of a file; StrategySetNotFoundError."""
    kept = labels(home / "strategies")
    if named in kept:
        return OpenSet.open(home / "strategies" / file_of(named))
    if Path(named).is_file():
        return OpenSet.open(Path(named))
    raise StrategySetNotFoundError(
        f"There is no strategy set '{named}'.",
        fix=f"Name a file, or one of those kept: {', '.join(kept) or 'none'}.",
    )
