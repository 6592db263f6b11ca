"""A promoted model set of hand-made linear models, with its live graphs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.contract import Kind
from models.artefacts import write_contents
from models.encoding import Encoder
from models.live_graph.writing import write_graphs
from models.model_set import (
    ENCODING,
    MANIFEST,
    Answer,
    CalibrationForm,
    LinearForm,
    Manifest,
    SignalForm,
    write_json,
)

KINDS = {"age": Kind.CONTINUOUS, "owner": Kind.BINARY, "life_event": Kind.NOMINAL}
OFFERS = ("term_life", "home_cover")
ACCEPT = LinearForm(-1.0, ((0, 0.8), (1, 0.3)), (0.0, 0.5), ((0, 1, 0.2),))


def write_model_set(models: Path, version: str, *, signals: tuple[str, ...]) -> Path:
    """Write and point at a model set of hand-made linear models."""
    folder = models / version
    rows: dict[str, Any] = {
        "age": [20.0, 40.0, 60.0] * 20,
        "owner": [0.0, 1.0, None] * 20,
        "life_event": ["none", "retired", "none"] * 20,
    }
    write_json(folder / ENCODING, Encoder.fitted(rows, kinds=KINDS).to_json())
    for signal in signals:
        task = "amount" if signal == "value" else "probability"
        form = SignalForm(task, "linear", (ACCEPT,), (1.0,), 0.0, CalibrationForm(), 100.0)
        write_json(folder / signal / "all.json", asdict(form))
    write_json(
        folder / MANIFEST,
        Manifest(
            version=version,
            features=tuple((name, kind.value) for name, kind in KINDS.items()),
            profiles=("lead",),
            offer_ids=OFFERS,
            answers=tuple(
                Answer(signal, profile, "all", "linear", f"{signal}/all.json")
                for signal in signals
                for profile in ("all", "lead")
            ),
            as_of="", trained_from="", trained_until="", judged_from="", fingerprint="",
        ),
    )  # fmt: skip
    write_graphs(folder)
    write_contents(folder)
    write_json(models / "current.json", {"version": version, "folder": version})
    return folder
