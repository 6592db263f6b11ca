"""Labelled contacts whose truth is known: two profiles in which one feature works opposite ways."""

from __future__ import annotations

import numpy as np

from features.contract import Kind
from models.candidates.contract import CandidateSettings
from models.model_set import Count
from models.pairs import Pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal

SETTINGS = TrainingSettings(
    candidates=CandidateSettings(trees=10, tree_depth=4, rounds=(10, 30)), fewest_rows=200
)


def labelled_world(count: int = 3000, *, rare: int = 0, seed: int = 0) -> Labelled:
    """Return contacts of profiles lead and purchaser, and `rare` ones of a third."""
    rng = np.random.default_rng(seed)
    profile = np.where(np.arange(count) % 2 == 0, "lead", "purchaser")
    profile[rng.choice(count, rare, replace=False)] = "prospect"
    visits, age = rng.poisson(2, count).astype(float), rng.normal(50, 10, count)
    offer = rng.integers(0, 2, count)
    score = np.where(profile == "lead", 1, -1) * (visits - 2) + 0.05 * (age - 50) + offer - 0.5
    accepted = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)
    row = np.arange(count)
    every = np.ones(count)
    return Labelled(
        columns={
            "visits": np.where(rng.random(count) < 0.05, np.nan, visits),
            "age": age,
            "medium": rng.choice(np.array(["search", "social", None], dtype=object), count),
        },
        kinds={"visits": Kind.CONTINUOUS, "age": Kind.CONTINUOUS, "medium": Kind.NOMINAL},
        ids=np.array([f"c{place}" for place in row]),
        profile=profile,
        at=row.astype(np.int64),
        offer_ids=("home", "life"),
        pairs={
            Signal.ACCEPT: Pairs(row, offer, accepted, every),
            Signal.VALUE: Pairs(row, offer, accepted * (100 + 10 * visits), every),
        },
        counts=(Count("contacts", count),),
        fingerprint="0" * 16,
        as_of="2026-11-01T00:00:00+00:00",
    )
