"""The real application: what is promoted is what the inference protocol answers with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.assembly import assemble
from models.live import LiveModelSet
from models.model_set import write_json
from tests.models.labelled_world import SETTINGS, labelled_world

Asking = Callable[..., None]


@pytest.fixture(scope="module")
def model_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "candidate"
    assemble(labelled_world(rare=120), out=out, settings=SETTINGS)
    return out


def promote(model_set: Path, *, home: Path, folder: str) -> None:
    shutil.copytree(model_set, home / "models" / folder)
    write_json(home / "models" / "current.json", {"version": folder, "folder": folder})


def test_the_model_set_that_is_promoted_answers(
    asking: Asking, home: Path, model_set: Path
) -> None:
    row = {"name": "age", "shape": [1], "datatype": "FP64", "data": [44.0]}

    async def test(ask: Any) -> None:
        assert (await ask.client.get("/v2/health/ready")).status_code == 503

        promote(model_set, home=home, folder="one")
        await ask.client.get("/health/ready")  # looks at once

        assert (await ask.client.get("/v2/models/callworth/ready")).json()["ready"]
        version = (await ask.client.get("/v2/models/callworth")).json()["versions"][0]
        answer = await ask.client.post(
            f"/v2/models/callworth/versions/{version}/infer", json={"inputs": [row]}
        )
        accept = answer.json()["outputs"][0]
        alone = LiveModelSet.load(model_set).score([None, 44.0, None], profile="all")
        assert accept["name"] == "accept"
        np.testing.assert_array_equal(accept["data"], alone.of("accept"))

    asking(test)


def test_refusals_are_counted(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        await ask.client.post("/v2/models/callworth/infer", json={"inputs": []})
        figures = (await ask.client.get("/metrics")).text
        assert 'callworth_problems_total{endpoint="inference",status="404"} 1.0' in figures

    asking(test)
