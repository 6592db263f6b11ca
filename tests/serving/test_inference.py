from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from fastapi import FastAPI

from models.assembly import assemble
from models.live import LiveModelSet
from serving.identity import KeyRing
from serving.inference import LIMIT_BYTES, build_inference
from serving.inference_columns import MOST_ROWS
from serving.inference_endpoints import INFERENCE
from serving.key_changes import create_key
from serving.metrics import new_metrics
from serving.problems import install_problems
from tests.models.labelled_world import SETTINGS, labelled_world

INFER = "/v2/models/callworth/infer"
Test = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> LiveModelSet:
    """A model set of features visits, age (numbers) and medium (words), offers home and life."""
    out = tmp_path_factory.mktemp("models") / "17"
    assemble(labelled_world(rare=120), out=out, settings=SETTINGS)
    return LiveModelSet.load(out)


def asking(test: Test, *, models: LiveModelSet | None, keys_file: Path = Path("none")) -> None:
    keys = KeyRing(keys_file, loopback=True)
    app = FastAPI()
    install_problems(app)
    app.include_router(
        build_inference(lambda: models, keys=keys, metrics=new_metrics(), version="1.2")
    )

    async def run() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await test(client)

    asyncio.run(run())


def tensor(name: str, data: list[Any], *, datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": data, **more}


def words(name: str, data: list[Any], **more: Any) -> dict[str, Any]:
    return tensor(name, data, datatype="BYTES", **more)


def outputs(answer: httpx.Response) -> dict[str, np.ndarray[Any, Any]]:
    assert answer.status_code == 200, answer.text
    return {
        one["name"]: np.array(
            one["data"], dtype=object if one["datatype"] == "BYTES" else np.float64
        ).reshape(one["shape"])
        for one in answer.json()["outputs"]
    }


def test_rows_are_scored_each_by_the_models_of_its_stage(live: LiveModelSet) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        answer = await client.post(
            INFER,
            json={
                "id": "42",
                "inputs": [
                    words("stage", ["lead", "purchaser", "prospect"]),
                    tensor("visits", [3, 1.0, None]),
                    tensor("age", [44, 51, 60], datatype="INT32"),
                    words("medium", ["search", None, "skywriting"]),
                ],
            },
        )
        found = outputs(answer)
        alone = [
            live.score([3, 44, "search"], profile="lead"),
            live.score([1, 51, None], profile="purchaser"),
            live.score([None, 60, "skywriting"], profile="prospect"),
        ]
        for signal in ("accept", "value"):
            wanted = [scores.of(signal) for scores in alone]
            np.testing.assert_array_equal(found[signal], wanted)
        assert np.isnan(found["uplift"]).all()
        assert found["offer_ids"].tolist() == ["home", "life"]
        told = answer.json()
        assert (told["id"], told["model_name"]) == ("42", "callworth")
        assert told["model_version"] == live.version
        assert len({tuple(scores.of("accept")) for scores in alone}) == 3

    asking(test, models=live)


def test_only_the_outputs_asked_for_come_and_in_that_order(live: LiveModelSet) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        asked = [{"name": "offer_ids"}, {"name": "accept"}]
        answer = await client.post(INFER, json={"inputs": [tensor("age", [4])], "outputs": asked})
        assert list(outputs(answer)) == ["offer_ids", "accept"]
        assert "id" not in answer.json()

    asking(test, models=live)


def test_what_is_left_out_null_nan_or_called_absent_is_one_and_the_same(
    live: LiveModelSet,
) -> None:
    ways = [
        [tensor("age", [44.0])],
        [tensor("age", [44.0]), tensor("visits", [None]), words("medium", [None])],
        [tensor("age", [44.0]), tensor("visits", [math.nan])],
        [tensor("age", [44.0]), tensor("visits", [-1], parameters={"absent": -1})],
        [tensor("age", [44.0]), words("medium", [""], parameters={"absent": ""})],
        [tensor("age", [44.0]), words("stage", ["all"])],
    ]

    async def test(client: httpx.AsyncClient) -> None:
        wanted = live.score([None, 44.0, None], profile="all").of("accept")
        for inputs in ways:
            answer = await client.post(INFER, content=json.dumps({"inputs": inputs}))
            np.testing.assert_array_equal(outputs(answer)["accept"], [wanted])

    asking(test, models=live)


def test_numbers_may_come_as_one_matrix_flat_or_nested(live: LiveModelSet) -> None:
    matrix = {"name": "rows", "shape": [2, 2], "datatype": "FP32"}

    async def test(client: httpx.AsyncClient) -> None:
        wanted = [
            live.score(row, profile="all").of("accept") for row in ([3, 44, "x"], [1, 51, "x"])
        ]
        for data in ([3, 44, 1, 51], [[3, 44], [1, 51]]):
            inputs = [{**matrix, "data": data}, words("medium", ["x", "x"])]
            answer = await client.post(INFER, json={"inputs": inputs})
            np.testing.assert_array_equal(outputs(answer)["accept"], wanted)
        column = {"name": "age", "shape": [2, 1], "datatype": "FP64", "data": [[44], [51]]}
        assert outputs(await client.post(INFER, json={"inputs": [column]}))["accept"].shape == (
            2,
            2,
        )

    asking(test, models=live)


def test_many_rows_are_scored_as_each_alone(live: LiveModelSet) -> None:
    rng = np.random.default_rng(4)
    ages = rng.normal(50, 10, MOST_ROWS).round(3).tolist()
    stages = rng.choice(["lead", "purchaser"], MOST_ROWS).tolist()

    async def test(client: httpx.AsyncClient) -> None:
        inputs = [words("stage", stages), tensor("age", ages)]
        found = outputs(await client.post(INFER, json={"inputs": inputs}))["accept"]
        for row in (0, 1, 500, MOST_ROWS - 1):
            alone = live.score([None, ages[row], None], profile=stages[row]).of("accept")
            np.testing.assert_array_equal(found[row], alone)

    asking(test, models=live)


def test_the_metadata_says_what_a_request_may_hold(live: LiveModelSet) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        told = (await client.get("/v2/models/callworth")).json()
        assert told == (await client.get(f"/v2/models/callworth/versions/{live.version}")).json()
        assert (told["name"], told["versions"]) == ("callworth", [live.version])
        assert told["platform"] == "onnxruntime_onnx"
        kinds = {"FP64": 1.5, "BYTES": "search"}
        inputs = [
            {**one, "shape": [1], "data": [kinds[one["datatype"]]]}
            for one in told["inputs"]
            if one["name"] != "stage"
        ]
        asked = [{"name": one["name"]} for one in told["outputs"]]
        answer = await client.post(INFER, json={"inputs": inputs, "outputs": asked})
        found = outputs(answer)
        for one in told["outputs"]:
            assert [size if size > 0 else 1 for size in one["shape"]] == list(
                found[one["name"]].shape
            )

    asking(test, models=live)


def test_the_server_tells_of_itself_and_of_its_readiness(live: LiveModelSet) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        told = {"name": "callworth", "version": "1.2", "extensions": []}
        assert (await client.get("/v2")).json() == told
        for path in ("/v2/health/live", "/v2/health/ready"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (200, {"live": True, "ready": True})
        for path in ("", f"/versions/{live.version}"):
            answer = await client.get(f"/v2/models/callworth{path}/ready")
            assert answer.json() == {"name": "callworth", "ready": True}

    asking(test, models=live)


def test_without_a_model_set_it_lives_is_not_ready_and_says_so() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        assert (await client.get("/v2/health/live")).status_code == 200
        for path in ("/v2/health/ready", "/v2/models/callworth/ready"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["ready"]) == (503, False)
        for answer in (
            await client.get("/v2/models/callworth"),
            await client.post(INFER, json={"inputs": [tensor("age", [4])]}),
        ):
            assert answer.status_code == 404
            assert answer.json()["error"].startswith("No model set is promoted")

    asking(test, models=None)


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("no inputs", {"inputs": []}, "inputs", "length >= 1"),
    ("no data", {"inputs": [{"name": "age", "shape": [1], "datatype": "FP64"}]},
     "inputs[0].data", "is missing"),
    ("a type that is none", {"inputs": [tensor("age", [1], datatype="FP65")]},
     "inputs[0].datatype", "Was 'FP64' meant"),
    ("a feature that is none", {"inputs": [tensor("agee", [1])]},
     "inputs[0].name", "Was 'age' meant"),
    ("words for numbers", {"inputs": [words("age", ["old"])]},
     "inputs[0].datatype", "'age' holds numbers, and BYTES was sent"),
    ("numbers for words", {"inputs": [tensor("medium", [1])]},
     "inputs[0].datatype", "Send it as BYTES"),
    ("text among numbers", {"inputs": [tensor("age", [1, "2"])]},
     "inputs[0].data", "'2', which is no FP64"),
    ("true for a number", {"inputs": [tensor("age", [True])]}, "inputs[0].data", "True"),
    ("a fraction as a whole number", {"inputs": [tensor("age", [1.5], datatype="INT64")]},
     "inputs[0].data", "1.5, which is no INT64"),
    ("a number too large for its type", {"inputs": [tensor("age", [256], datatype="UINT8")]},
     "inputs[0].data", "256"),
    ("a number that no float holds", {"inputs": [tensor("age", [10**400])]},
     "inputs[0].data", "no FP64"),
    ("too few elements", {"inputs": [tensor("age", [1], shape=[2])]},
     "inputs[0].data", "1 elements, and its shape holds 2"),
    ("a row too wide", {"inputs": [tensor("age", [1, 2], shape=[1, 2])]},
     "inputs[0].shape", "[1] or [1, 1]"),
    ("a matrix too narrow", {"inputs": [tensor("rows", [1], shape=[1, 1])]},
     "inputs[0].shape", "[1, 2]"),
    ("rows and elements mixed", {"inputs": [tensor("age", [[1], 2])]},
     "inputs[0].data", "mixes"),
    ("nested too deep", {"inputs": [tensor("age", [[[1]]])]}, "inputs[0].data", "[1]"),
    ("inputs of unlike length", {"inputs": [tensor("age", [1]), tensor("visits", [1, 2])]},
     "inputs[1].shape", "'age' has 1 rows and 'visits' 2"),
    ("no rows", {"inputs": [tensor("age", [])]}, "inputs[0].shape", "There are 0 rows"),
    ("too many rows", {"inputs": [tensor("age", [1] * (MOST_ROWS + 1))]},
     "inputs[0].shape", f"Send 1 to {MOST_ROWS}"),
    ("the same twice", {"inputs": [tensor("age", [1]), tensor("age", [1])]},
     "inputs[1]", "given twice"),
    ("twice by the matrix", {"inputs": [tensor("rows", [1, 2], shape=[1, 2]), tensor("age", [1])]},
     "inputs[1]", "given twice"),
    ("a stage that is none", {"inputs": [words("stage", ["leed"])]},
     "stage", "Was 'lead' meant"),
    ("an output that is none", {"inputs": [tensor("age", [1])], "outputs": [{"name": "acept"}]},
     "outputs[0].name", "Was 'accept' meant"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "text"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
def test_a_request_that_does_not_fit_is_a_400_that_names_the_place(
    live: LiveModelSet, body: dict[str, Any], field: str, text: str
) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        answer = await client.post(INFER, json=body)
        told = answer.json()
        assert (answer.status_code, told["field"]) == (400, field), told
        assert text in told["error"]
        assert told["error"] == f"{told['detail']} {told['fix']}"

    asking(test, models=live)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"inputs": [NaN', {}, 400),
        (b'{"inputs": [{"name": "age", "x": Infinity, "y": NaN}]}', {}, 400),
        (b"[" * 5_000 + b"NaN", {}, 400),
        (b"{}", {"inference-header-content-length": "2"}, 400),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b"{}", {"content-encoding": "gzip"}, 415),
        (b" " * (LIMIT_BYTES + 1), {}, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_in_the_protocols_words(
    live: LiveModelSet, content: bytes, headers: dict[str, str], status: int
) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        answer = await client.post(INFER, content=content, headers=headers)
        assert (answer.status_code, bool(answer.json()["error"])) == (status, True), answer.text

    asking(test, models=live)


@pytest.mark.parametrize("path", ["other", "callworth/versions/3"])
def test_another_model_or_version_is_a_404_that_names_the_one_in_force(
    live: LiveModelSet, path: str
) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        for method, end in (("GET", ""), ("GET", "/ready"), ("POST", "/infer")):
            answer = await client.request(method, f"/v2/models/{path}{end}", content=b"{}")
            known = "callworth" if path == "other" else live.version
            assert (answer.status_code, answer.json()["allowed"]) == (404, [known])
            assert known in answer.json()["error"]

    asking(test, models=live)


def test_a_key_is_asked_for_except_by_the_probes(live: LiveModelSet, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    scientist = create_key(tmp_path, name="ada", role="scientist", file=keys)
    marketing = create_key(tmp_path, name="bob", role="marketing", file=keys)

    async def test(client: httpx.AsyncClient) -> None:
        for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/callworth/ready"):
            assert (await client.get(path)).status_code == 200
        for key, status in ((None, 401), (marketing, 403), (scientist, 200)):
            headers = {"x-api-key": key} if key else {}
            for answer in (
                await client.get("/v2", headers=headers),
                await client.get("/v2/models/callworth", headers=headers),
                await client.post(INFER, json={"inputs": [tensor("age", [1])]}, headers=headers),
            ):
                assert answer.status_code == status
                assert (status == 200) or answer.json()["error"]

    asking(test, models=live, keys_file=keys)


@pytest.mark.parametrize("one", INFERENCE, ids=lambda one: f"{one.method} {one.path}")
def test_the_examples_are_of_the_shapes_that_are_sent(one: Any) -> None:
    for example in one.examples:
        for value, kind in ((example.request, one.body), (example.answer, one.answer)):
            if kind is not None:
                assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value
