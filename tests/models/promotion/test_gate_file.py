"""The gate is a file: what it leaves out is no rule, what it misspells is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.promotion.gate_file import GateFileError, GateSettings, gate_of, read_gate


def test_the_product_s_own_file_says_the_defaults(tmp_path: Path) -> None:
    assert gate_of(tmp_path) == GateSettings()


def test_the_workspace_s_file_takes_its_place_and_a_given_one_that_of_both(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("[overall]\nleast_gain = 0.002\nproven = true\n")
    found = gate_of(tmp_path)
    assert found.overall is not None
    assert (found.overall.least_gain, found.overall.proven) == (0.002, True)
    assert found.leak is None
    other = tmp_path / "other.toml"
    other.write_text("[profiles]\nmost_loss = 1\n")
    assert gate_of(tmp_path, given=other).overall is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[overal]\n", "unknown rule .overal.*Was 'overall' meant"),
        ("[overall]\nleast_gian = 0\n", "unknown key 'least_gian'.*Was 'least_gain' meant"),
        ('[leak]\nmost_jump = "much"\n', "most_jump = 'much'.*finite number"),
        ("[leak]\nmost_jump = inf\n", "most_jump = inf"),
        ("[overall]\nproven = 1\n", "proven = 1.*true or false"),
        ("[overall]\nleast_gain = true\n", "least_gain = True"),
        ("overall = 3\n", "is no table"),
        ("[overall\n", "is no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(text)
    with pytest.raises(GateFileError) as raised:
        read_gate(file)
    assert re.search(named, f"{raised.value.fact} {raised.value.fix}", flags=re.DOTALL)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match="no gate file"):
        gate_of(tmp_path, given=tmp_path / "none.toml")
