"""LitServe: one worker that scores one row a request. Run by the peer's own Python.

PYTHON serve_litserve.py MODEL PORT
"""

import sys

import litserve
import numpy as np
import xgboost


class Scorer(litserve.LitAPI):
    """Loads the model once; `predict` gets one row."""

    def setup(self, device):
        """Load the model, once."""
        self.model = xgboost.Booster(model_file=sys.argv[1])
        self.model.set_param({"nthread": 1})

    def decode_request(self, request):
        """Return the row as a matrix."""
        return np.asarray([request["row"]], dtype=np.float32)

    def predict(self, row):
        """Return its probability."""
        return self.model.inplace_predict(row)

    def encode_response(self, output):
        """Return it as JSON holds it."""
        return {"probability": float(output[0])}


if __name__ == "__main__":
    server = litserve.LitServer(Scorer(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[2]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
