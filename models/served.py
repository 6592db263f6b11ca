"""A model set as MLflow serves it: rows of features, stage and offer in, one row of signals out.

MLflow stores this file itself (models from code), so that nothing is pickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel

from models.compiled import CompiledModelSet


class ServedModelSet(PythonModel):  # type: ignore[misc]
    """Answers every signal of the set for each row."""

    def load_context(self, context: Any) -> None:
        """Load the model set that was stored beside this file."""
        self.models = CompiledModelSet.load(Path(context.artifacts["model_set"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a column per signal, in the order of the rows.

        A feature that is not given counts as absent, an unknown stage is answered by the model
        of all stages, an unknown offer as no offer. Signals are probabilities; value is money.
        """
        rows = len(model_input)
        absent = np.full(rows, None, dtype=object)
        columns = {
            name: model_input[name].to_numpy(dtype=object) if name in model_input else absent
            for name in (*self.models.features, "stage", "offer_id")
        }
        place = {name: index for index, name in enumerate(self.models.offer_ids)}
        offer = np.array([place.get(name, -1) for name in columns["offer_id"]], dtype=np.intp)
        profile = np.array([str(stage) for stage in columns["stage"]], dtype=np.str_)
        matrix = self.models.encode(
            {name: [_plain(v) for v in columns[name]] for name in self.models.features}
        )
        signals = {
            str(signal): self.models.predict(signal, matrix, profile=profile, offer=offer)
            for signal in self.models.signals
        }
        return pd.DataFrame(signals, index=model_input.index)


def _plain(value: object) -> object:
    return None if value is pd.NA or value is pd.NaT else value


mlflow.models.set_model(ServedModelSet())
