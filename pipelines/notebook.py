"""The whole of learning from Python: one object over a workspace, for notebooks and scripts."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.progress import Track, silent
from models.errors import ModelSetNotFoundError
from models.settings import TrainingSettings
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from features.check_report import CheckReport
    from models.compiled import CompiledModelSet
    from models.promotion.switch import Promotion
    from pipelines.train import Challenger

_SETTINGS = TrainingSettings(seed=7)


def open_workspace(home: str | Path, *, track: Track = silent) -> OpenWorkspace:
    """Return the workspace of a folder; nothing is made before a step makes it.

    `track` shows progress: pass `pipelines.console.Screen().track` for bars.
    """
    return OpenWorkspace(Workspace(Path(home)), track=track)


class OpenWorkspace:
    """The steps of the command line as methods; every one reads and writes the same folder."""

    def __init__(self, space: Workspace, *, track: Track = silent) -> None:
        self.space = space
        self._track = track

    @property
    def home(self) -> Path:
        """The folder."""
        return self.space.home

    def check(self, tables: str | Path | None = None) -> CheckReport:
        """Check every row against the data contract; bad rows go to HOME/quarantine.

        Raises DataNotFoundError, ContractError.
        """
        from features.check import check

        source = self.space.source(_path(tables))
        return check(source, quarantine=self.space.quarantine, track=self._track)

    def features(
        self, tables: str | Path | None = None, *, as_of: datetime | None = None
    ) -> pd.DataFrame:
        """Build what was known at each contact, and is known now; return the training frame.

        `as_of` is aware; by default where the tables say that they end.
        Raises DataNotFoundError, ContractError.
        """
        from features.frame import build_population, build_training

        source = _path(tables) or self.space.tables
        instant = self.space.end_of_data(source, as_of)
        frame = build_training(source, home=self.home, as_of=instant, track=self._track)
        build_population(source, home=self.home, as_of=instant, track=self._track)
        self.space.remember(tables=source, as_of=instant)
        return pd.read_parquet(frame)

    def train(self, *, settings: TrainingSettings = _SETTINGS) -> Challenger:
        """Fit, judge and register a model set; it becomes the challenger.

        Raises DataNotFoundError, TooFewRowsError, ParityError.
        """
        from pipelines.train import train_challenger

        source = self.space.source(None)
        return train_challenger(
            self.home,
            tables=source,
            as_of=self.space.as_of(source, None),
            settings=settings,
            track=self._track,
        )

    def metrics(self, folder: Path | None = None) -> pd.DataFrame:
        """Return a row per signal, profile and candidate: how each did on the judge part.

        `folder` is a model set's, by default that of the champion.
        """
        from models.model_set import METRICS, read_json

        return pd.DataFrame(read_json((folder or self._champion()) / METRICS))

    def judged(self, folder: Path, *, signal: str = "accept") -> pd.DataFrame:
        """Return the judge rows of a model set with their labels and predictions."""
        from models.model_set import JUDGE

        rows = pd.read_parquet(folder / JUDGE)
        return rows[rows["signal"] == signal].reset_index(drop=True)

    def promote(
        self,
        version: str | None = None,
        *,
        why: str,
        by: str | None = None,
        force: bool = False,
    ) -> Promotion:
        """Make a model set (the challenger) the champion, if the gate holds.

        Raises GateRefusedError with every rule in `report`, ModelSetNotFoundError.
        """
        from models import registry

        return registry.promote(
            self.home,
            version=version,
            by=by or getpass.getuser(),
            why=why,
            now=datetime.now(UTC),
            force=force,
        )

    def rollback(self, *, why: str, by: str | None = None) -> Promotion:
        """Go back to the model set that was champion before; it is tried before the switch."""
        from models import registry

        return registry.rollback(
            self.home, by=by or getpass.getuser(), why=why, now=datetime.now(UTC)
        )

    def history(self) -> pd.DataFrame:
        """Return who put which model set in force, when and why; oldest first."""
        from models import registry

        return pd.DataFrame([asdict(entry) for entry in registry.history(self.home)])

    def champion(self) -> CompiledModelSet:
        """Return the model set in force, ready to answer.

        Raises ModelSetNotFoundError when none is.
        """
        from models.compiled import CompiledModelSet

        return CompiledModelSet.load(self._champion())

    def _champion(self) -> Path:
        from models import registry

        folder = registry.current(self.home)
        if folder is None:
            raise ModelSetNotFoundError(
                f"No model set is in force in {self.home}.",
                fix="Train one and promote it: train(), then promote(why=...).",
            )
        return folder


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)
