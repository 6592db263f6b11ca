"""The published fit of CDNOW, from its summary file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.lifetime.histories import Histories
from models.lifetime.purchases import fit_purchases

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdnow"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the project")
def test_cdnow_gives_the_published_parameters() -> None:
    table = pd.read_csv(DATA / "cdnow_customers_summary.csv.gz")
    columns = [table[name].to_numpy(dtype=np.float64) for name in ("frequency", "recency", "T")]
    found = fit_purchases(Histories(table["ID"].to_numpy(), *columns, np.zeros(len(table))))
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}
    for name, value in published.items():
        assert getattr(found, name) == pytest.approx(value, rel=0.01)
