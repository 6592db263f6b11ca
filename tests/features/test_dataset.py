"""A flat table and its dataset file give what models need, or say what to mend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.contract import Kind
from features.dataset import Dataset, further_rows, read_dataset
from features.dataset_file import DatasetFile
from features.errors import ContractError, DataNotFoundError, FeatureError

TABLE = """\
call,when,kind,age,owner,visits,size,postcode,mail,talked,sold
k1,2026-01-02,new,31,yes,1,small,01101,a,300,yes
k2,2026-01-01,old,44.5,no,0,large,01102,none,10,no
k3,2026-01-03,new,,yes,2,middle,01103,b,20,no
k4,2026-01-03,old,52,,2,,01101,none,900,yes
"""
START = """\
path = "calls.csv"
id = "call"
"""
REST = """
default_kinds = "inferred"

[target]
column = "sold"
positive = "yes"

[leave_out]
talked = "known after the call"
"""


def read(tmp_path: Path, *, top: str = "", rest: str = "", table: str = TABLE) -> Dataset:
    (tmp_path / "calls.csv").write_text(table, encoding="utf-8")
    (tmp_path / "calls.toml").write_text(START + top + REST + rest, encoding="utf-8")
    return read_dataset(tmp_path / "calls.toml")


def test_rows_keep_their_order_in_every_part(tmp_path):
    dataset = read(tmp_path, top='time = "when"\nprofile = "kind"')
    assert list(dataset.ids) == ["k1", "k2", "k3", "k4"]
    assert dataset.target.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert list(dataset.profile) == ["new", "old", "new", "old"]
    assert dataset.time_order is not None
    assert dataset.time_order.tolist() == [1, 0, 2, 2]


def test_kinds_are_inferred_from_the_values(tmp_path):
    dataset = read(tmp_path, top='time = "when"')
    assert dataset.kinds == {
        "kind": Kind.BINARY,
        "age": Kind.CONTINUOUS,
        "owner": Kind.BINARY,
        "visits": Kind.ORDINAL,
        "size": Kind.NOMINAL,
        "postcode": Kind.NOMINAL,
        "mail": Kind.NOMINAL,
    }
    np.testing.assert_array_equal(dataset.frame["age"], [31.0, 44.5, np.nan, 52.0])
    np.testing.assert_array_equal(dataset.frame["owner"], [1.0, 0.0, 1.0, np.nan])
    assert dataset.frame["postcode"].tolist() == ["01101", "01102", "01103", "01101"]
    assert dataset.frame["size"].tolist() == ["small", "large", "middle", None]


def test_whole_numbers_of_many_values_are_continuous(tmp_path):
    rows = "".join(f"{n % 11},{n % 10},{n % 2}\n" for n in range(120))
    (tmp_path / "calls.csv").write_text("many,few,sold\n" + rows)
    (tmp_path / "calls.toml").write_text(
        'path = "calls.csv"\ndefault_kinds = "inferred"\n[target]\ncolumn = "sold"\npositive = 1\n'
    )
    dataset = read_dataset(tmp_path / "calls.toml")
    assert dataset.kinds == {"many": Kind.CONTINUOUS, "few": Kind.ORDINAL}
    assert dataset.ids[0] == "1"


def test_declared_kinds_stand(tmp_path):
    order = '\n[kinds]\nsize = { ordinal = ["small", "middle", "large"] }\nvisits = "nominal"\n'
    dataset = read(tmp_path, top='time = "when"', rest=order)
    np.testing.assert_array_equal(dataset.frame["size"], [0.0, 2.0, 1.0, np.nan])
    assert dataset.kinds["size"] is Kind.ORDINAL
    assert dataset.frame["visits"].tolist() == ["1", "0", "2", "2"]


def test_reserved_and_left_out_columns_are_no_features(tmp_path):
    treatment = '\n[treatment]\ncolumn = "mail"\ncontrol = "none"\n'
    dataset = read(tmp_path, top='time = "when"', rest=treatment)
    assert {"call", "when", "sold", "mail", "talked"}.isdisjoint(dataset.frame.columns)
    assert dataset.left_out == {"talked": "known after the call"}
    assert (list(dataset.treatment), dataset.control) == (["a", "none", "b", "none"], "none")


def test_second_targets_are_flags_or_numbers(tmp_path):
    second = (
        '\n[[second_targets]]\ncolumn = "visits"\n'
        '[[second_targets]]\ncolumn = "mail"\npositive = "a"\n'
    )
    dataset = read(tmp_path, top='time = "when"', rest=second)
    assert dataset.second_targets["visits"].tolist() == [1.0, 0.0, 2.0, 2.0]
    assert dataset.second_targets["mail"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert "mail" not in dataset.frame


def test_the_order_of_the_file_can_be_the_order_of_time(tmp_path):
    leave = 'when = "the order says it"'
    dataset = read(tmp_path, top='order = "file"', rest=leave)
    assert dataset.time_order is not None
    assert dataset.time_order.tolist() == [0, 1, 2, 3]
    assert read(tmp_path, rest=leave).time_order is None


def test_words_for_no_value_are_missing(tmp_path):
    dataset = read(tmp_path, top='time = "when"\nmissing = ["middle"]')
    assert dataset.kinds["size"] is Kind.BINARY
    assert dataset.frame["size"].isna().tolist() == [False, False, True, True]


def test_parquet_and_zipped_csv_read_as_the_same_rows(tmp_path):
    plain = read(tmp_path, top='time = "when"')
    text = pd.read_csv(tmp_path / "calls.csv", dtype={"postcode": str}, parse_dates=["when"])
    text.to_parquet(tmp_path / "calls.parquet")
    text.to_csv(tmp_path / "calls.csv.gz", index=False)
    said = (tmp_path / "calls.toml").read_text()
    for other in ("calls.parquet", "calls.csv.gz"):
        (tmp_path / "other.toml").write_text(said.replace("calls.csv", other))
        dataset = read_dataset(tmp_path / "other.toml")
        assert dataset.kinds == plain.kinds
        pd.testing.assert_frame_equal(dataset.frame, plain.frame)
        np.testing.assert_array_equal(dataset.time_order, plain.time_order)
        np.testing.assert_array_equal(dataset.target, plain.target)


def test_further_rows_get_the_same_columns_without_a_target(tmp_path):
    dataset = read(tmp_path, top='time = "when"')
    more = tmp_path / "more.csv"
    more.write_text("age,kind,owner,visits,size,postcode,mail\n40,old,perhaps,1,huge,01109,a\n")
    frame = further_rows(tmp_path / "calls.toml", data=more, like=dataset)
    assert list(frame.columns) == list(dataset.frame.columns)
    assert frame["kind"].tolist() == [1.0]
    assert frame["owner"].isna().all()  # a word that was not there before
    assert frame["size"].tolist() == ["huge"]


@pytest.mark.parametrize(
    ("top", "rest", "says"),
    [
        ('time = "wehn"', "", "Was 'when' meant?"),
        ('separator = ";"', "", "does `separator` fit?"),
        ('tima = "when"', "", "has the key 'tima'.*Was 'time' meant?"),
        ('time = "when"\norder = "file"', "", "both 'time' and 'order'"),
        ('time = "kind"', "", "has 'new' in row 1, which is no time"),
        ('time = "owner"', "", "is empty in 1 rows, the first of them row 4"),
        ('order = "time"', "", "does not have the form"),
        ('time = "when"', '[kinds]\nage = "continous"', "Was 'continuous' meant?"),
        ('time = "when"', '[kinds]\nsize = "continuous"', "is continuous, but row 1 holds 'small'"),
        ('time = "when"', '[kinds]\nsize = "binary"', "is binary, but has 3 values"),
        ('time = "when"', '[kinds]\nsize = "ordinal"', "Give their order"),
        (
            'time = "when"',
            '[kinds]\nsize = { ordinal = ["small", "large"] }',
            "has 'middle' in row 3, which its order does not list",
        ),
        (
            'time = "when"',
            '[treatment]\ncolumn = "mail"\ncontrol = "nono"',
            "never has the value 'nono'.*Was 'none' meant?",
        ),
        ('time = "when"', '[target]\ncolumn = "sold"', "is not TOML"),
    ],
)
def test_what_does_not_fit_is_named_with_the_fix(tmp_path, top, rest, says):
    with pytest.raises(ContractError, match=f"(?s){says}"):
        read(tmp_path, top=top, rest=rest)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('positive = "yes"', 'positive = "ja"', "never has the value 'ja'. It has: no, yes"),
        ('default_kinds = "inferred"', "", "Column 'when' of 'calls.csv' has no kind"),
        ("calls.csv", "cals.csv", "There is no table at"),
    ],
)
def test_a_dataset_file_that_asks_for_too_much_is_refused(tmp_path, old, new, says):
    read(tmp_path, top='time = "when"')
    said = (START + REST).replace(old, new)
    (tmp_path / "other.toml").write_text(said)
    with pytest.raises(FeatureError, match=says):
        read_dataset(tmp_path / "other.toml")


def test_an_empty_column_and_an_id_are_not_taken_for_features(tmp_path):
    rows = "".join(f"{n % 2},a{n},\n" for n in range(100))
    for column, says in (("name", "an id"), ("note", "is empty")):
        other = {"name": "note", "note": "name"}[column]
        (tmp_path / "calls.csv").write_text("sold,name,note\n" + rows)
        (tmp_path / "calls.toml").write_text(
            'path = "calls.csv"\ndefault_kinds = "inferred"\n'
            '[target]\ncolumn = "sold"\npositive = 1\n'
            f'[leave_out]\n{other} = "not asked here"\n'
        )
        with pytest.raises(ContractError, match=says):
            read_dataset(tmp_path / "calls.toml")


def test_the_guide_names_every_key_and_its_example_reads(root, tmp_path):
    guide = (root / "docs" / "flat_table.md").read_text(encoding="utf-8")
    keys = [line.split("`")[1] for line in guide.splitlines() if line.startswith("| `")]
    assert sorted(keys) == sorted(DatasetFile.__struct_fields__)
    example = guide.split("```toml\n")[1].split("```")[0].replace("calls.csv.gz", "calls.csv")
    (tmp_path / "example.toml").write_text(example)
    (tmp_path / "calls.csv").write_text("age,duration,sold\n31,10,yes\n44,20,no\n52,30,no\n")
    assert list(read_dataset(tmp_path / "example.toml").frame.columns) == ["age"]


def test_a_dataset_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DataNotFoundError, match="no dataset file"):
        read_dataset(tmp_path / "none.toml")
