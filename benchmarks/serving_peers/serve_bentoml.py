"""BentoML: a service with one worker; the model's file is named by MODEL. Run by `bentoml serve`.

MODEL=model.json PYTHON -m bentoml serve serve_bentoml:Scorer --port PORT
"""

import os

import bentoml
import numpy as np
import xgboost


@bentoml.service(workers=1)
class Scorer:
    """Answers /score for one row."""

    def __init__(self) -> None:
        self.model = xgboost.Booster(model_file=os.environ["MODEL"])
        self.model.set_param({"nthread": 1})

    @bentoml.api
    async def score(self, row: list[float]) -> float:
        """Return the probability of one row."""
        return float(self.model.inplace_predict(np.asarray([row], dtype=np.float32))[0])
