"""A model set's folder holds known types only, and what answers is what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.artefacts import CONTENTS, TYPES, demand_known
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.errors import ModelError, ModelSetFormatError
from models.model_set import MANIFEST, read_json, stamp, write_json
from tests.models.labelled_world import SETTINGS, labelled_world

# How a pickle of any protocol from 2 on begins.
PICKLED = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assemble(labelled_world(1500), out=tmp_path / "set", settings=SETTINGS)
    return tmp_path / "set"


def test_what_training_writes_is_known_and_no_pickle(folder: Path) -> None:
    demand_known(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= set(TYPES)
    assert not [path for path in files if path.read_bytes()[:2] in PICKLED]


def test_a_version_of_its_own_changes_nothing_that_answers(folder: Path) -> None:
    stamp(folder, version="12")
    assert CompiledModelSet.load(folder).version == "12"


@pytest.mark.parametrize("name", ["model.pkl", "lead.joblib", "run.py", "accept/odd"])
def test_a_file_of_another_type_is_refused_before_anything_is_opened(
    folder: Path, name: str
) -> None:
    (folder / name).write_bytes(b"\x80\x04.")
    (folder / "encoding.json").write_text("never read")
    with pytest.raises(ModelSetFormatError, match="no type that a model set has"):
        CompiledModelSet.load(folder)


def changed(folder: Path) -> str:
    path = folder / "accept" / "all.json"
    path.write_text(path.read_text().replace("0", "1", 1))
    return "accept/all.json in .* is not what was written there"


def taken_out(folder: Path) -> str:
    (folder / "accept" / "all.json").unlink()
    return "accept/all.json in .* is not there"


def put_in(folder: Path) -> str:
    (folder / "accept" / "extra.onnx").write_bytes(b"onnx")
    return "accept/extra.onnx in .* was put there after"


def broken_list(folder: Path) -> str:
    (folder / CONTENTS).write_text("{")
    return "contents.json in .* is damaged"


def no_list(folder: Path) -> str:
    (folder / CONTENTS).unlink()
    return "There is no contents.json"


def test_a_set_of_an_earlier_version_has_no_list_and_still_answers(folder: Path) -> None:
    manifest = read_json(folder / MANIFEST)
    write_json(folder / MANIFEST, {**manifest, "listed": False})
    (folder / CONTENTS).unlink()
    assert CompiledModelSet.load(folder).version == folder.name


@pytest.mark.parametrize("spoil", [changed, taken_out, put_in, broken_list, no_list])
def test_a_spoilt_folder_is_refused_with_its_file(folder: Path, spoil) -> None:
    says = spoil(folder)
    with pytest.raises(ModelError, match=says):
        CompiledModelSet.load(folder)
