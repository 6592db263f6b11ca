"""A model set for the tests of the offers report: small, hand-made, and right about the stages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.contract import Kind
from models.artefacts import write_contents
from models.encoding import Encoder
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    JUDGE,
    MANIFEST,
    Answer,
    CalibrationForm,
    LinearForm,
    Manifest,
    SignalForm,
    write_json,
)
from models.promotion.ledger import folder_of, point
from models.signals import Signal, Task
from tests.offers_world import NEW_OFFER, OFFERS, STAGES, UNTIL

VERSION = "17"
# The model set has not seen the contacts of these last days.
UNSEEN_DAYS = 300


def promote_offers_model_set(home: Path) -> None:
    """Write the model set and put it in force; the training frame must be there."""
    folder = folder_of(home, version=VERSION)
    frame = pq.read_table(home / "features" / "training.parquet")
    stood = {"stood": frame["stood"].to_pylist()}
    encoder = Encoder.fitted(stood, kinds={"stood": Kind.NOMINAL})
    matrix = encoder.encode({"stood": list(STAGES)})
    column = {
        stage: int(matrix[row].argmax()) for row, stage in enumerate(STAGES) if matrix[row].any()
    }
    offers = (*OFFERS, NEW_OFFER)
    without = tuple(_log_odds(offer.without) for offer in offers)
    lifted = tuple(
        (place, column[stage], _log_odds(offer.without + added) - _log_odds(offer.without))
        for place, offer in enumerate(offers)
        for stage, added in offer.added.items()
        if stage in column and offer.without + added > 0
    )
    for signal, products in ((Signal.ACCEPT, lifted), (Signal.BASELINE, ())):
        form = SignalForm(
            task=Task.PROBABILITY,
            champion="linear",
            parts=(LinearForm(0.0, (), without, products),),
            weights=(1.0,),
            shift=0.0,
            calibration=CalibrationForm("sigmoid"),
        )
        write_json(folder / signal / "all.json", form)
    write_json(folder / ENCODING, encoder.to_json())
    write_json(folder / MANIFEST, _manifest(tuple(offer.offer_id for offer in offers)))
    write_contents(folder)
    _write_judge(folder / JUDGE, frame)
    point(home, version=VERSION, now=UNTIL)


def _manifest(offer_ids: tuple[str, ...]) -> Manifest:
    return Manifest(
        version=VERSION,
        features=(("stood", Kind.NOMINAL),),
        profiles=STAGES,
        offer_ids=offer_ids,
        answers=tuple(
            Answer(signal, ALL_PROFILES, ALL_PROFILES, "linear", f"{signal}/all.json")
            for signal in (Signal.ACCEPT, Signal.BASELINE)
        ),
        as_of=UNTIL.isoformat(),
        trained_from="",
        trained_until="",
        judged_from="",
        fingerprint="0" * 16,
    )


def _write_judge(path: Path, frame: pa.Table) -> None:
    unseen = frame.filter(pc.greater(frame["as_of"], UNTIL - timedelta(days=UNSEEN_DAYS)))
    contact = unseen["contact_id"].to_pylist()
    signal = [Signal.ACCEPT, Signal.BASELINE]
    pq.write_table(
        pa.table({"contact_id": contact, "signal": [signal[i % 2] for i in range(len(contact))]}),
        path,
    )


def _log_odds(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))
