"""Labelled contacts with the log of what was presented, and the true effects behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.model_set import Count
from models.pairs import Pairs
from models.planning import Labelled
from models.settings import UpliftSettings
from models.signals import Signal
from models.uplift.logged_rows import LoggedRows
from models.uplift.net_value import Economics
from tests.models.labelled_world import SETTINGS
from tests.uplift_world import world

LOGGED_SETTINGS = replace(
    SETTINGS, uplift=UpliftSettings(learners=("response", "t"), fewest_rows=150)
)
MONEY = Economics(np.array([100.0, 60.0]), np.array([2.0, 1.0]), np.array([20.0, 10.0]))


def logged_world(
    count: int = 3000, *, seed: int = 1, rare: int = 0, size: float = 0.25
) -> tuple[Labelled, NDArray[np.float64]]:
    """Return contacts of profiles lead and purchaser (`rare` of a third), and (n, 2) effects."""
    made = world(count, seed=seed, offers=2, size=size)
    rows = made.rows
    row = np.arange(count)
    profile = np.where(row % 2 == 0, "lead", "purchaser")
    profile[np.random.default_rng(seed).choice(count, rare, replace=False)] = "prospect"
    given, nothing = np.flatnonzero(rows.action >= 0), np.flatnonzero(rows.action < 0)
    anyway = np.repeat(nothing, 2)
    labelled = Labelled(
        columns={f"x{at}": rows.matrix[:, at].astype(float) for at in range(rows.matrix.shape[1])},
        kinds={f"x{at}": Kind.CONTINUOUS for at in range(rows.matrix.shape[1])},
        ids=np.array([f"c{place}" for place in row]),
        profile=profile,
        at=row.astype(np.int64),
        offer_ids=("home", "life"),
        pairs={
            Signal.ACCEPT: _pairs(given, rows.action[given], rows.outcome[given]),
            Signal.BASELINE: _pairs(anyway, np.tile([0, 1], len(nothing)), rows.outcome[anyway]),
        },
        counts=(Count("contacts", count),),
        fingerprint="0" * 16,
        as_of="2026-11-01T00:00:00+00:00",
        customer=np.array([f"p{place // 2}" for place in row]),
        logged=LoggedRows(row, rows.action, rows.eligible, rows.taken, rows.outcome, MONEY),
    )
    return labelled, made.effects


def _pairs(row: NDArray[np.intp], offer: NDArray[np.intp], label: NDArray[np.float64]) -> Pairs:
    return Pairs(row, offer.astype(np.intp), label, np.ones(len(row)))
