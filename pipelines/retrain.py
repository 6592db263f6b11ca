"""The whole loop from fresh contacts to fresh strategies, safe to run from a schedule.

Check, features, train, gate, strategies. Each step writes whole files or none: a run that was
killed leaves the old champion and the old strategies in force, and the next one starts over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from features.errors import ContractError
from features.progress import Track, silent
from models.settings import TrainingSettings
from pipelines.locking import held
from pipelines.workspace import Workspace

LOG = "retrain.jsonl"


class Outcome(StrEnum):
    """How a retraining ended."""

    PROMOTED = "promoted"
    REFUSED = "refused by the gate"
    NOT_NEEDED = "not needed"


class BadTablesError(ContractError):
    """A table has more bad rows than the share allowed."""

    status = 409


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of it: `rules` are the gate's sentences, `failing` those that do not hold.

    `reasons` are those of the watch, where it was asked. `model_set` and `report` are those
    trained, or the champion's and the watch's where nothing was. `strategy_set` is None where none
    was formed.
    """

    at: datetime
    as_of: datetime
    outcome: Outcome
    model_set: str
    champion: str | None
    rules: tuple[str, ...]
    failing: tuple[str, ...]
    report: str
    strategy_set: str | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What to retrain on and how; `as_of` None: the end of the data.

    `now` is the instant of the run, `share` the bad rows that a table may have.
    """

    tables: Path
    as_of: datetime | None
    now: datetime
    by: str
    why: str
    share: float = 0.01
    form: bool = True
    # Train only where the watch advises it, or there is no champion to watch.
    only_if_advised: bool = False
    valid_for: timedelta = timedelta(days=7)


def retrain(
    home: Path, order: Order, *, settings: TrainingSettings, track: Track = silent
) -> Retrained:
    """Run the loop under the workspace's lock, and add a line to HOME/retrain.jsonl.

    A gate that refuses is an outcome: the champion before stays, and its strategies are not
    formed anew. Raises HeldError, BadTablesError, and what the steps raise.
    """
    with held(home, who=order.by, now=order.now):
        as_of = _know(home, order, track=track)
        done = _watched(home, order, as_of=as_of, track=track)
        if done is None or done.reasons:
            reasons = done.reasons if done else ()
            done = _learn(home, order, as_of=as_of, settings=settings, track=track)
            done = replace(done, reasons=reasons)
        with (home / LOG).open("a", encoding="utf-8") as log:
            log.write(msgspec.json.encode(done).decode() + "\n")
        return done


def _know(home: Path, order: Order, *, track: Track) -> datetime:
    """Check the tables, build the features and return the instant they stand at."""
    from features.check import check
    from features.frame import build_population, build_training

    space = Workspace(home)
    as_of = space.end_of_data(order.tables, order.as_of)
    checked = check(order.tables, quarantine=space.quarantine, share=order.share, track=track)
    if checked.exit_code:
        raise BadTablesError(
            f"More than {order.share:.1%} of the rows are bad in {', '.join(checked.over_share)}.",
            fix=f"They are in {space.quarantine} with their reasons: mend the export, or allow "
            "more with --share.",
        )
    build_training(order.tables, home=home, as_of=as_of, track=track)
    build_population(order.tables, home=home, as_of=as_of, track=track)
    space.remember(tables=order.tables, as_of=as_of)
    return as_of


def _watched(home: Path, order: Order, *, as_of: datetime, track: Track) -> Retrained | None:
    """Return what the watch says; None where it is not asked or has no champion to watch."""
    from models import registry
    from models.promotion import ledger
    from pipelines.watch import watch

    if not order.only_if_advised or registry.current(home) is None:
        return None
    watched, page = watch(home, tables=order.tables, as_of=as_of, track=track)
    return Retrained(
        at=order.now,
        as_of=as_of,
        outcome=Outcome.NOT_NEEDED,
        model_set=watched.model_set,
        champion=ledger.in_force(home),
        rules=(),
        failing=(),
        report=str(page),
        strategy_set=None,
        reasons=watched.reasons,
    )


def _learn(
    home: Path, order: Order, *, as_of: datetime, settings: TrainingSettings, track: Track
) -> Retrained:
    from models import registry
    from models.model_set import REPORT
    from models.promotion import ledger
    from models.promotion.gate import GateRefusedError
    from pipelines.train import train_challenger

    made = train_challenger(home, tables=order.tables, as_of=as_of, settings=settings, track=track)
    try:
        report = registry.promote(
            home, version=made.version, by=order.by, why=order.why, now=order.now, track=track
        ).report
        outcome = Outcome.PROMOTED
    except GateRefusedError as refused:
        report, outcome = refused.report, Outcome.REFUSED
    formed = order.form and outcome is Outcome.PROMOTED
    return Retrained(
        at=order.now,
        as_of=as_of,
        outcome=outcome,
        model_set=made.version,
        champion=ledger.in_force(home),
        rules=tuple(rule.sentence for rule in report.rules),
        failing=tuple(rule.sentence for rule in report.failing),
        report=str(made.folder / REPORT),
        strategy_set=_form(home, order, as_of=as_of, track=track) if formed else None,
    )


def _form(home: Path, order: Order, *, as_of: datetime, track: Track) -> str:
    from models import registry
    from pipelines.strategise import form_strategies

    champion = registry.current(home)
    assert champion is not None, "a promotion returned without a champion"
    return form_strategies(
        home,
        tables=order.tables,
        model_set_folder=champion,
        as_of=as_of,
        formed_at=order.now,
        valid_for=order.valid_for,
        track=track,
    ).label
