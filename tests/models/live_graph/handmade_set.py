"""Model sets put together by hand, so that every kind of part and calibration comes up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from features.contract import Kind
from models.artefacts import write_contents
from models.candidates.boosted import Boosted
from models.candidates.contract import CandidateSettings, Rows
from models.candidates.forest import Forest
from models.encoding import Encoder
from models.live_graph.writing import write_graphs
from models.model_set import (
    Answer,
    CalibrationForm,
    ComposedForm,
    EffectAnswer,
    LinearForm,
    Manifest,
    PartForm,
    SignalForm,
    write_json,
)
from models.signals import Task
from models.uplift.effect_form import EffectForm, EffectPart, write_effects

KINDS = {"age": Kind.CONTINUOUS, "claims": Kind.CONTINUOUS, "medium": Kind.NOMINAL}
ISOTONIC = CalibrationForm("isotonic", knots=((-2.0, 0.02), (-0.5, 0.2), (-0.49, 0.6), (1.5, 0.7)))
SIGMOID = CalibrationForm("sigmoid", 0.8, -0.3)
_SETTINGS = CandidateSettings(trees=8, tree_depth=4, rounds=(30,), learning_rate=0.3)
_COUNT = 1200


def encoder_of(kinds: Mapping[str, Kind] = KINDS) -> Encoder:
    """Return an encoder with a skewed column, gaps and categories; only the kinds asked for."""
    rng = np.random.default_rng(3)
    columns = {
        "age": np.where(rng.random(_COUNT) < 0.1, np.nan, rng.normal(50, 10, _COUNT)),
        "claims": rng.exponential(3.0, _COUNT) ** 2,
        "medium": rng.choice(np.array(["search", "social", None], dtype=object), _COUNT),
    }
    return Encoder.fitted({name: columns[name] for name in kinds}, kinds=kinds)


def line(encoder: Encoder, *, offers: int, seed: int = 0, size: float = 0.4) -> LinearForm:
    """Return a linear form with an effect of every column and some of offers alone."""
    rng = np.random.default_rng(seed)
    by = rng.normal(0.0, size, encoder.width)
    return LinearForm(
        -0.3,
        tuple((at, float(by[at])) for at in range(encoder.width)),
        tuple(float(each) for each in rng.normal(0.0, size, offers)),
        tuple((offer, offer % encoder.width, 0.7 * size) for offer in range(offers)),
    )


def composed(encoder: Encoder, *, offers: int) -> ComposedForm:
    """Return an amount of three lines, the gain sometimes below nothing."""
    sale, lapse, gain = (line(encoder, offers=offers, seed=seed) for seed in (1, 2, 3))
    return ComposedForm(sale, lapse, gain, tuple(-0.1 * at for at in range(offers + 1)))


def trees(
    folder: Path, encoder: Encoder, *, kind: type[Forest] | type[Boosted], task: Task, stem: str,
    offers: int, steep: float = 2.0,
) -> PartForm:  # fmt: skip
    """Fit trees that look at columns and offers, write them, and return their form."""
    rng = np.random.default_rng(7)
    matrix = rng.normal(0.0, 1.0, (_COUNT, encoder.width)).astype(np.float32)
    offer = rng.integers(-1, offers, _COUNT) if offers else np.full(_COUNT, -1)
    score = steep * matrix[:, 0] + matrix[:, -1] + 1.5 * (offer == 0) * matrix[:, 0]
    label = (score > 0).astype(np.float64) if task is Task.PROBABILITY else score
    every = np.ones(_COUNT)
    rows = Rows(matrix, offer, offers, label, every, np.arange(_COUNT))
    return kind(_SETTINGS, task=task).fit(rows, held=rows).forms(folder, stem=stem)[0]


def signal(
    *parts: PartForm,
    task: Task = Task.PROBABILITY,
    weights: Sequence[float] = (),
    calibration: CalibrationForm = SIGMOID,
) -> SignalForm:
    """Return a signal's model from its parts; amounts are in units of 150."""
    scale = 150.0 if task is Task.AMOUNT else 1.0
    weights = tuple(weights) or (1.0,) * len(parts)
    return SignalForm(task, "handmade", parts, weights, 0.05, calibration, scale)


def written(
    folder: Path,
    encoder: Encoder,
    forms: Mapping[str, SignalForm],
    *,
    offers: Sequence[str] = ("home", "life", "motor"),
    effects: Sequence[EffectPart] = (),
) -> Path:
    """Write the set, its one profile and its live graphs; trees are in `folder` already."""
    for name, form in forms.items():
        write_json(folder / name / "all.json", form)
    rows: tuple[EffectAnswer, ...] = ()
    if effects:
        (folder / "uplift").mkdir()
        write_effects(EffectForm("t", False, tuple(effects)), folder=folder, stem="uplift/lead")
        parts = (f"uplift/lead.{place}.json" for place in range(len(effects)))
        rows = (EffectAnswer("lead", "t", "elected", ("uplift/lead.json", *parts)),)
    kinds = {c.name: "continuous" for c in encoder.numeric}
    kinds |= {c.name: "nominal" for c in encoder.nominal}
    manifest = Manifest(
        version="handmade",
        features=tuple(reversed(kinds.items())),
        profiles=("lead",),
        offer_ids=tuple(offers),
        answers=tuple(Answer(name, "all", "all", "-", f"{name}/all.json") for name in forms),
        as_of="2026-03-01T00:00:00+00:00",
        trained_from="",
        trained_until="",
        judged_from="",
        fingerprint="0" * 16,
        listed=True,
        effects=rows,
    )
    write_json(folder / "encoding.json", encoder.to_json())
    write_json(folder / "manifest.json", manifest)
    write_graphs(folder)
    write_contents(folder)
    return folder
