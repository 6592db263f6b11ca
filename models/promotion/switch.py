"""Promotion and rollback over any shelf of model sets: in an order that a crash cannot spoil.

Export, try out, alias, pointer, ledger. Whatever stops in between leaves the old champion
answering, and the same command then completes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from features.progress import Track, silent
from features.staging import staged_folder
from models import packing
from models.compiled import CompiledModelSet
from models.errors import ModelError, ModelSetNotFoundError
from models.model_set import stamp
from models.promotion import contest, gate, ledger, live_graphs
from models.promotion.gate import GateRefusedError, GateReport, GateSettings, Papers
from models.promotion.ledger import Action, Entry

_STEPS = 5


class ReasonMissingError(ModelError):
    """A promotion against the gate says no reason."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided, why, and when (an aware instant)."""

    by: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came into force: `old` is None for the first, `folder` holds the compiled set."""

    version: str
    old: str | None
    action: Action
    folder: Path
    report: GateReport


class Shelf(Protocol):
    """Where registered model sets lie; `registry` has the one in MLflow."""

    @property
    def champion(self) -> str | None:
        """The version with the alias champion."""
        ...

    @property
    def challenger(self) -> str | None:
        """The version with the alias challenger."""
        ...

    def fetch(self, version: str, *, into: Path) -> None:
        """Copy the answering part of a version into an empty folder."""
        ...

    def judge(self, version: str, *, into: Path) -> Path:
        """Copy a version's judge rows, and what was known of them, into a folder.

        Return the file of the rows; the columns lie beside it where the set has them.
        """
        ...

    def as_of(self, version: str) -> datetime | None:
        """Return the instant a version was trained for; None where it does not say."""
        ...

    def signed(self, version: str) -> bool | None:
        """Return whether a version's model says what goes in and what comes out."""
        ...

    def crown(self, version: str) -> None:
        """Give a version the alias champion; it is no longer challenger."""
        ...

    def note(self, version: str, *, report: GateReport, facts: dict[str, str]) -> None:
        """Write the gate's verdict and facts about the promotion to a version."""
        ...


def promote(
    shelf: Shelf,
    *,
    home: Path,
    version: str | None,
    decided: Decided,
    settings: GateSettings,
    force: bool,
    scratch: Path,
    track: Track = silent,
) -> Promotion:
    """Put a version in force when the gate holds; the default is the challenger.

    Raises GateRefusedError, ModelSetNotFoundError, ReasonMissingError, BusyError, or
    LedgerAlteredError.
    """
    if force and not decided.why.strip():
        raise ReasonMissingError(
            "A promotion against the gate needs a reason.", fix="Say it: --why '...'."
        )
    chosen = version or shelf.challenger or shelf.champion
    if chosen is None:
        raise ModelSetNotFoundError(
            "There is no challenger to promote.", fix="`callworth train` registers one."
        )
    with (
        ledger.one_writer(home, who=f"{decided.by} promotes model set {chosen}"),
        track(f"promote model set {chosen}", total=_STEPS, unit="step") as done,
    ):
        report = _verdict(
            shelf, chosen, home=home, settings=settings, scratch=scratch, now=decided.now
        )
        if not report.holds:
            shelf.note(chosen, report=report, facts={"gate": "refused"})
            if not force:
                raise GateRefusedError(report, version=chosen)
        done(1)
        action = Action.PROMOTE if report.holds else Action.FORCE
        made = _Enthroning(shelf, home, chosen, action, decided, report)
        return made.run(done)


def rollback(
    shelf: Shelf,
    *,
    home: Path,
    version: str | None,
    decided: Decided,
    track: Track = silent,
) -> Promotion:
    """Put the version in force before the present one back, or an earlier one that is named.

    Raises ModelSetNotFoundError when there is none, or the named one was never in force.
    """
    chosen = version or ledger.before(home)
    known = {entry.new for entry in ledger.entries(home)}
    if chosen is None or chosen not in known:
        raise ModelSetNotFoundError(
            f"Model set {chosen} was never in force here."
            if chosen
            else "There is no earlier model set to go back to.",
            fix=f"These were in force: {', '.join(sorted(known)) or 'none yet'}.",
        )
    report = gate.unjudged(
        f"Model set {chosen} was in force before: no gate for going back.", holds=True
    )
    with (
        ledger.one_writer(home, who=f"{decided.by} goes back to model set {chosen}"),
        track(f"go back to model set {chosen}", total=_STEPS, unit="step") as done,
    ):
        done(1)
        return _Enthroning(shelf, home, chosen, Action.ROLLBACK, decided, report).run(done)


def _verdict(
    shelf: Shelf,
    version: str,
    *,
    home: Path,
    settings: GateSettings,
    scratch: Path,
    now: datetime,
) -> GateReport:
    champion = shelf.champion
    if champion == version:
        return gate.unjudged(f"Model set {version} is the champion already.", holds=True)
    judge = shelf.judge(version, into=scratch / "judge")
    (scratch / "challenger").mkdir()
    shelf.fetch(version, into=scratch / "challenger")
    papers = Papers(
        now=now,
        as_of=shelf.as_of(version),
        last_contact=contest.last_contact(judge),
        signed=shelf.signed(version),
    )
    if champion is None:
        rows = contest.first_rows(judge)
    else:
        rows = contest.meet(judge, home=home, champion=_loaded(shelf, champion, home, scratch))
    report = gate.judge(rows, settings=settings, papers=papers)
    rng = np.random.default_rng(0)
    alike = live_graphs.rule(scratch / "challenger", columns=rows.columns, rng=rng)
    return replace(report, rules=(*report.rules, alike))


def _loaded(shelf: Shelf, champion: str, home: Path, scratch: Path) -> CompiledModelSet:
    """Return the champion, from the workspace or else from the shelf."""
    folder = ledger.folder_of(home, version=champion)
    if not folder.is_dir():
        folder = scratch / "champion"
        folder.mkdir()
        shelf.fetch(champion, into=folder)
    return CompiledModelSet.load(folder, threads=2)


@dataclass(frozen=True, slots=True)
class _Enthroning:
    """One change of the model set in force; every step may be repeated without harm."""

    shelf: Shelf
    home: Path
    version: str
    action: Action
    decided: Decided
    report: GateReport

    def run(self, done: Callable[[int], None]) -> Promotion:
        old = ledger.in_force(self.home)
        folder = _exported(self.shelf, self.version, home=self.home)
        done(1)
        self.shelf.crown(self.version)
        done(1)
        if old != self.version:
            ledger.point(self.home, version=self.version, now=self.decided.now)
        done(1)
        self._record()
        done(1)
        return Promotion(self.version, old, self.action, folder, self.report)

    def _record(self) -> None:
        written = ledger.entries(self.home)
        before = written[-1].new if written else None
        if before == self.version:
            return
        when = self.decided.now.astimezone(UTC).isoformat()
        by, why = self.decided.by, self.decided.why
        failing = tuple(rule.sentence for rule in self.report.failing)
        evidence = tuple(rule.sentence for rule in self.report.rules)
        entry = Entry(when, self.action, before, self.version, by, why, failing, evidence)
        line = ledger.record(self.home, entry)
        facts = {
            "gate": "held" if self.report.holds else "forced",
            "action": str(self.action),
            "decided_at": when,
            "decided_by": by,
            "decided_why": why,
            # Taking the last lines out of the ledger shows here.
            "ledger": line,
        }
        self.shelf.note(self.version, report=self.report, facts=facts)


def _exported(shelf: Shelf, version: str, *, home: Path) -> Path:
    """Return the folder of a version, fetched when it is not there, and tried out either way."""
    folder = ledger.folder_of(home, version=version)
    if folder.is_dir():
        try:
            packing.try_out(folder)
        except ModelError:
            # Damaged since: the registry still has the whole one.
            shutil.rmtree(folder)
        else:
            return folder
    with staged_folder(folder) as staged:
        shelf.fetch(version, into=staged)
        stamp(staged, version=version)
        packing.try_out(staged)
    return folder
