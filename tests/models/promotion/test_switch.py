"""Promotion and rollback leave a whole champion in force wherever they stop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features import chain
from features.progress import Track, silent
from models import packing
from models.compiled import CompiledModelSet
from models.errors import ModelSetNotFoundError
from models.model_set import JUDGE
from models.promotion import ledger, switch
from models.promotion.gate import GateRefusedError, GateReport, GateSettings
from models.promotion.ledger import Action
from models.promotion.switch import Decided, Promotion, ReasonMissingError

MakeModelSet = Callable[..., Path]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class FolderShelf:
    """Versions as folders and aliases as attributes: MLflow's part, played by hand."""

    place: Path
    champion: str | None = None
    challenger: str | None = None
    notes: list[dict[str, str]] = field(default_factory=list)

    def register(self, folder: Path) -> str:
        version = str(len(list(self.place.glob("*"))) + 1)
        shutil.copytree(folder, self.place / version)
        self.challenger = version
        return version

    def fetch(self, version: str, *, into: Path) -> None:
        packing.copy_answers(self.place / version, into)

    def judge(self, version: str, *, into: Path) -> Path:
        return self.place / version / JUDGE

    def as_of(self, version: str) -> datetime | None:
        return None

    def signed(self, version: str) -> bool | None:
        return True

    def crown(self, version: str) -> None:
        self.champion = version
        self.challenger = None if self.challenger == version else self.challenger

    def note(self, version: str, *, report: GateReport, facts: dict[str, str]) -> None:
        self.notes.append({"version": version, **facts})


@dataclass
class Desk:
    """A workspace and its shelf; what the tests do to them."""

    home: Path
    shelf: FolderShelf
    scratch: Path

    def register(self, folder: Path) -> str:
        return self.shelf.register(folder)

    def promote(
        self, *, why: str = "fresher", force: bool = False, track: Track = silent
    ) -> Promotion:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        return switch.promote(
            self.shelf,
            home=self.home,
            version=None,
            decided=Decided("ann", why, NOW),
            settings=GateSettings(),
            force=force,
            scratch=self.scratch,
            track=track,
        )

    def rollback(self) -> Promotion:
        decided = Decided("bo", "lapses", NOW)
        return switch.rollback(self.shelf, home=self.home, version=None, decided=decided)

    @property
    def in_force(self) -> str | None:
        version = ledger.in_force(self.home)
        if version is not None:
            assert CompiledModelSet.load(self.home / "models" / version).version == version
        return version

    @property
    def history(self) -> list[str]:
        return [entry.new for entry in ledger.entries(self.home)]


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    (tmp_path / "shelf").mkdir()
    return Desk(home, FolderShelf(tmp_path / "shelf"), tmp_path / "scratch")


@contextmanager
def stopping_after(step: int) -> Iterator[Callable[..., object]]:
    """Yield a track that stops the work after a step, as a power cut would."""
    reached = 0

    @contextmanager
    def track(doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        def done(count: int) -> None:
            nonlocal reached
            reached += count
            if reached == step:
                raise KeyboardInterrupt

        yield done

    yield track


def test_the_first_model_set_passes_with_no_champion(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    version = desk.register(make_model_set())
    promotion = desk.promote()
    assert (promotion.version, promotion.old) == (version, None)
    assert desk.shelf.champion == version
    assert desk.shelf.challenger is None
    assert desk.in_force == version
    assert not (desk.home / "models" / version / JUDGE).exists()


def test_an_equal_model_set_passes_and_promoting_twice_changes_nothing(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set())
    desk.promote()
    second = desk.register(make_model_set())
    assert desk.promote().version == second
    again = desk.promote()
    assert again.report.rules[0].sentence == "Model set 2 is the champion already."
    assert desk.history == ["1", "2"]


def test_the_gate_refuses_a_worse_profile_and_names_it(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set(slopes={"purchaser": -2.0}))
    desk.promote(force=True)
    desk.register(make_model_set(slopes={"lead": 0.3 * -1}))
    with pytest.raises(GateRefusedError, match="AUC of lead: challenger 0") as refused:
        desk.promote()
    assert refused.value.status == 409
    failing = {rule.name for rule in refused.value.report.failing}
    assert {"profile lead", "calibration lead"} <= failing
    assert not any("purchaser" in name for name in failing)
    assert desk.shelf.champion == "1"
    assert desk.in_force == "1"


def test_a_promotion_against_the_gate_needs_a_reason_and_is_written_down(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set())
    desk.promote()
    desk.register(make_model_set(slopes={"lead": -1.0}))
    with pytest.raises(ReasonMissingError):
        desk.promote(why=" ", force=True)
    assert desk.promote(force=True).version == "2"
    entry = ledger.entries(desk.home)[-1]
    assert entry.action is Action.FORCE
    assert any("AUC of lead" in sentence for sentence in entry.failing)


def test_contacts_that_the_champion_was_fitted_on_are_left_out_and_said(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    desk.register(make_model_set(judged_from=start + timedelta(minutes=2500)))
    desk.promote()
    desk.register(make_model_set())
    report = desk.promote().report
    assert report.note == (
        "500 of the challenger's 1,500 judge rows; the others lie before 2026-01-02, "
        "where the champion was fitted"
    )
    assert report.rules[0].rows == 500


def test_a_champion_fitted_on_every_judge_row_refuses_the_comparison(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set())
    desk.promote()
    later = datetime(2026, 2, 1, tzinfo=UTC)
    manifest = desk.home / "models" / "1" / "manifest.json"
    manifest.write_text(
        json.dumps({**json.loads(manifest.read_text()), "judged_from": later.isoformat()})
    )
    desk.register(make_model_set())
    with pytest.raises(GateRefusedError, match="no rows on which the two can be compared"):
        desk.promote()


@pytest.mark.parametrize("step", [1, 2])
def test_killed_before_the_alias_moves_the_old_champion_stays(
    desk: Desk, make_model_set: MakeModelSet, step: int
) -> None:
    desk.register(make_model_set())
    desk.promote()
    desk.register(make_model_set())
    with stopping_after(step) as track, pytest.raises(KeyboardInterrupt):
        desk.promote(track=track)
    assert desk.shelf.champion == "1"
    assert desk.in_force == "1"
    assert desk.promote().version == "2"
    assert desk.in_force == "2"


@pytest.mark.parametrize("step", [3, 4])
def test_killed_after_the_alias_moved_the_same_command_completes(
    desk: Desk, make_model_set: MakeModelSet, step: int
) -> None:
    desk.register(make_model_set())
    desk.promote()
    desk.register(make_model_set())
    with stopping_after(step) as track, pytest.raises(KeyboardInterrupt):
        desk.promote(track=track)
    desk.promote()
    assert desk.shelf.champion == "2"
    assert desk.in_force == "2"
    assert desk.history == ["1", "2"]


def test_rollback_goes_back_one_promotion_at_a_time(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    for _ in range(3):
        desk.register(make_model_set())
        desk.promote()
    back = [desk.rollback().version for _ in range(2)]
    assert back == ["2", "1"]
    assert desk.shelf.champion == "1"
    assert desk.in_force == "1"
    with pytest.raises(ModelSetNotFoundError, match="no earlier model set"):
        desk.rollback()


def test_a_damaged_earlier_set_is_fetched_again_before_the_switch(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    for _ in range(2):
        desk.register(make_model_set())
        desk.promote()
    (desk.home / "models" / "1" / "encoding.json").write_text("{")
    assert desk.rollback().version == "1"
    assert desk.in_force == "1"


def test_there_is_nothing_to_promote_in_an_empty_workspace(desk: Desk) -> None:
    with pytest.raises(ModelSetNotFoundError, match="no challenger"):
        desk.promote()
    assert (desk.in_force, desk.history) == (None, [])


def test_a_second_promotion_at_the_same_time_is_told_who_is_at_it(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set())
    with (
        ledger.one_writer(desk.home, who="cy promotes model set 7"),
        pytest.raises(ledger.BusyError, match="cy promotes model set 7, process"),
    ):
        desk.promote()
    assert desk.promote().version == "1"


def test_the_ledger_says_on_what_each_decision_rested(
    desk: Desk, make_model_set: MakeModelSet
) -> None:
    desk.register(make_model_set())
    desk.promote()
    (entry,) = ledger.entries(desk.home)
    assert any(sentence.startswith("calibration of lead") for sentence in entry.evidence)
    line = (desk.home / "models" / "ledger.jsonl").read_text().splitlines()[0]
    assert desk.shelf.notes[-1]["ledger"] == chain.digest_of(line)
