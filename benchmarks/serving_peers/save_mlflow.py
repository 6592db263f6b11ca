"""MLflow: save the model with a signature of named columns. Run by the peer's own Python.

PYTHON save_mlflow.py MODEL FOLDER
"""

import sys

import mlflow.xgboost
import pandas as pd
import xgboost
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

if __name__ == "__main__":
    model = xgboost.XGBClassifier()
    model.load_model(sys.argv[1])
    columns = [f"f{at}" for at in range(model.n_features_in_)]
    example = pd.DataFrame([[0.0] * len(columns)], columns=columns)
    model.predict(example.to_numpy())
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in columns]),
        outputs=Schema([ColSpec("long")]),
    )
    mlflow.xgboost.save_model(model, sys.argv[2], signature=signature)
