"""One definition: what a model is taught from is what it is asked with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.catalogue import FEATURES
from features.engine import Limits
from features.frame import build_population, build_training
from tests.customer_history import NOW, drawn_history

COLUMNS = ["customer_id", "partner", "as_of", "stage", *(feature.name for feature in FEATURES)]


def test_both_frames_agree_on_every_column_at_the_instants_of_contacts(tmp_path: Path) -> None:
    history = drawn_history(np.random.default_rng(17), customers=30)
    tables = history.write(tmp_path / "tables")
    training = pq.read_table(
        build_training(tables, home=tmp_path, as_of=NOW, limits=Limits(points_per_round=13))
    )
    rows = training.select(["contact_id", *COLUMNS]).to_pylist()
    chosen = np.random.default_rng(1).choice(len(rows), size=12, replace=False)

    for row in (rows[place] for place in chosen):
        contact = row.pop("contact_id")
        table = pq.read_table(build_population(tables, home=tmp_path, as_of=row["as_of"]))
        (scored,) = (
            table.filter(pc.equal(table["customer_id"], row["customer_id"]))
            .select(COLUMNS)
            .to_pylist()
        )
        assert scored == row, contact
