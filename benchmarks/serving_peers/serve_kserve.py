"""KServe: its model server in this process, one worker, no gRPC. Run by the peer's own Python.

PYTHON serve_kserve.py MODEL PORT
"""

import sys

import numpy as np
import xgboost
from kserve import Model, ModelServer


class Scorer(Model):
    """Answers /v1/models/accept:predict for one row."""

    def __init__(self, path):
        super().__init__("accept")
        self.model = xgboost.Booster(model_file=path)
        self.model.set_param({"nthread": 1})
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        """Return the probability of one row."""
        row = np.asarray(payload["instances"], dtype=np.float32)
        return {"predictions": self.model.inplace_predict(row).tolist()}


if __name__ == "__main__":
    path, port = sys.argv[1], int(sys.argv[2])
    del sys.argv[1:]  # its own options would be read from there
    ModelServer(
        http_port=port, workers=1, enable_grpc=False, access_log_format=None, enable_docs_url=False
    ).start([Scorer(path)])
