"""Turn fitted trees into ONNX, and prove that the compiled model set gives the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ParityError
from models.signals import Task

# What float32 trees may differ by from the library that grew them.
PROBABILITY_TOLERANCE = 1e-5
_OPSET = {"": 17, "ai.onnx.ml": 3}


def write_forest(forest: Any, path: Path, *, task: Task) -> None:
    """Write a scikit-learn forest as ONNX: one float32 matrix in, probabilities or amounts out."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    options = {id(forest): {"zipmap": False}} if task is Task.PROBABILITY else None
    model = to_onnx(
        forest,
        initial_types=[("rows", FloatTensorType([None, forest.n_features_in_]))],
        options=options,
        target_opset=_OPSET,
    )
    _write(model, path)


def write_boosted(booster: Any, path: Path, *, task: Task) -> None:
    """Write an XGBoost booster as ONNX: one float32 matrix in, probabilities or amounts out."""
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = convert_xgboost(
        booster,
        name="boosted",  # else a random one: the same booster would give other bytes
        initial_types=[("rows", FloatTensorType([None, booster.num_features()]))],
        target_opset=15,
    )
    _write(model, path)


def demand_parity(
    compiled: NDArray[np.float64], fitted: NDArray[np.float64], *, what: str, scale: float = 1.0
) -> None:
    """Raise ParityError when compiled predictions differ from the fitted model's.

    `scale` is the size of one unit: 1 for probabilities, the label's spread for amounts.
    """
    if len(fitted) == 0:
        return
    furthest = float(np.abs(compiled - fitted).max()) / scale
    if not furthest <= PROBABILITY_TOLERANCE:
        raise ParityError(
            f"The compiled {what} differs by {furthest:.2g} from the model it was made from.",
            fix=f"At most {PROBABILITY_TOLERANCE:g} is allowed: check the versions of onnxruntime, "
            "skl2onnx and onnxmltools against requirements.txt.",
        )


def _write(model: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
