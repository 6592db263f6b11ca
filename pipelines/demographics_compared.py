"""What the individual's demographics bring over the postcode's, at the first pool's shares."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np

from features.errors import ContractError
from features.frame import build_training
from features.postcode_level import write_postcode_level
from features.progress import Track, silent
from models.assembly import assemble
from models.judging import influence
from models.judging.intervals import Scale, difference_of, interval_of
from models.model_set import JUDGE
from models.settings import TrainingSettings
from models.signals import Signal
from models.training import read_labelled

SHARES = tuple(share / 10 for share in range(1, 10))
SIGNALS = (Signal.ACCEPT, Signal.LAPSE)
_FEWEST_OF_A_CLASS = 30


@dataclass(frozen=True, slots=True)
class AtShare:
    """What the best-scored share holds of all positives, by either level, paired.

    Every figure is (value, low, high) with its 95 % interval over customers; `gain` is individual
    minus postcode.
    """

    signal: str
    share: float
    rows: int
    individual: tuple[float, float, float]
    postcode: tuple[float, float, float]
    gain: tuple[float, float, float]


def compare_demographics(
    tables: Path,
    *,
    as_of: datetime,
    settings: TrainingSettings,
    track: Track = silent,
) -> tuple[AtShare, ...]:
    """Train `accept` and `lapse` at either level and compare them on the same judged contacts.

    Everything else is the same: contacts, labels, other columns, settings. Nothing of it is kept.
    Raises DataNotFoundError without demographics, ContractError when neither signal can be judged.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with track("Levels of demographics", total=2, unit="levels") as done:
            coarse = write_postcode_level(tables, out=folder / "coarse")
            sets = []
            for name, source in (("individual", tables), ("postcode", coarse)):
                sets.append(_trained(source, folder / name, as_of=as_of, settings=settings))
                done(1)
        found = [at for signal in SIGNALS for at in _compared(sets[0], sets[1], signal)]
    if not found:
        raise ContractError(
            "Neither accept nor lapse has enough judged contacts of both outcomes.",
            fix=f"At least {_FEWEST_OF_A_CLASS} of each are needed: give more contacts.",
        )
    return tuple(found)


def _trained(source: Path, home: Path, *, as_of: datetime, settings: TrainingSettings) -> Path:
    build_training(source, home=home, as_of=as_of)
    labelled = read_labelled(home, tables=source, settings=settings, as_of=as_of)
    kept = {signal: labelled.pairs[signal] for signal in SIGNALS if signal in labelled.pairs}
    assemble(replace(labelled, pairs=kept), out=home / "set", settings=settings)
    return home / "set"


def _compared(individual: Path, postcode: Path, signal: Signal) -> list[AtShare]:
    rows = duckdb.execute(
        f"""SELECT fine.label, fine.prediction AS fine, coarse.prediction AS coarse,
          fine.customer_id
        FROM read_parquet('{individual / JUDGE}') AS fine
        JOIN read_parquet('{postcode / JUDGE}') AS coarse USING (contact_id, offer_id, signal)
        WHERE signal = ? ORDER BY contact_id, offer_id""",
        [str(signal)],
    ).fetchnumpy()
    label = np.asarray(rows["label"], dtype=np.float64)
    if min(label.sum(), len(label) - label.sum()) < _FEWEST_OF_A_CLASS:
        return []
    whose = np.asarray(rows["customer_id"])
    found = []
    for share in SHARES:
        fine, coarse = (
            _captured(label, np.asarray(rows[name], dtype=np.float64), share=share)
            for name in ("fine", "coarse")
        )
        ends = [interval_of(each, cluster=whose, scale=Scale.LOG_ODDS) for each in (fine, coarse)]
        apart = difference_of(fine, coarse, cluster=whose, method="linearised, paired")
        found.append(
            AtShare(
                str(signal),
                share,
                len(label),
                (ends[0].value, ends[0].low, ends[0].high),
                (ends[1].value, ends[1].low, ends[1].high),
                (apart.value, apart.low, apart.high),
            )
        )
    return found


def _captured(
    label: influence.Scores, predicted: influence.Scores, *, share: float
) -> influence.Estimate:
    """Return the part of all positives within the best-scored share, as an estimate."""
    lift = influence.lift(label, predicted, top=share)
    return influence.Estimate(lift.value * share, lift.influence * share)
