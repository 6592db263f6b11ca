from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.artefacts import write_contents
from models.compiled import CompiledModelSet
from models.live_graph.writing import write_graphs
from models.model_set import MANIFEST, CalibrationForm, LinearForm, SignalForm, write_json
from serving import examples
from serving.predictions import PREDICT
from tests.linear_model_set import OFFERS, write_model_set

Asking = Callable[..., None]


@pytest.fixture
def model_set(home: Path) -> Path:
    return write_model_set(home / "models", "17", signals=("accept", "baseline", "keep", "value"))


async def predict(ask: Any, **body: Any) -> Any:
    return await ask.client.post("/v1/predictions", json=body)


@pytest.mark.parametrize("example", PREDICT.examples, ids=lambda example: example.name)
def test_the_examples_of_the_api_page_are_real_answers(
    publish: Callable[..., str], asking: Asking, example: Any
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(
            "/v1/predictions",
            content=msgspec.json.encode(example.request),
            headers={"content-type": "application/json"},
        )
        wanted = json.loads(msgspec.json.encode(example.answer))
        got = answer.json()
        assert (got.pop("why") or "").startswith((wanted.pop("why") or "").rstrip("."))
        assert got == wanted

    asking(test)


def test_a_live_score_is_the_compiled_models_own_number(asking: Asking, model_set: Path) -> None:
    models = CompiledModelSet.load(model_set)
    row = models.encode({"age": [44.0], "owner": [None], "life_event": ["retired"]})
    wanted = {
        signal: models.predict(
            signal, np.repeat(row, 2, axis=0), profile=np.full(2, "lead"), offer=np.arange(2)
        )
        for signal in models.signals
    }

    async def test(ask: Any) -> None:
        answer = await predict(ask, stage="lead", features={"age": 44, "life_event": "retired"})
        got = answer.json()
        assert (answer.status_code, got["source"], got["model_set"]) == (200, "live", "17")
        assert got["why"] == "1 of 3 features are unknown."
        by_offer = {offer["offer_id"]: offer for offer in got["offers"]}
        for at, offer_id in enumerate(OFFERS):
            offer = by_offer[offer_id]
            assert offer["likelihood"] == pytest.approx(wanted["accept"][at])
            assert offer["value"] == pytest.approx(wanted["value"][at])
            assert offer["uplift"] == pytest.approx(0.0)
            assert (offer["lapse"], offer["added_value"]) == (None, None)
        best = max(got["offers"], key=lambda offer: offer["value"])
        assert got["offers"][0] == best
        assert got["signals"]["accept"] == best["likelihood"]

    asking(test)


def test_decisions_come_from_formed_strategies_and_live_scores_from_predictions(
    asking: Asking, model_set: Path
) -> None:
    async def test(ask: Any) -> None:
        live = (await predict(ask, stage="lead", features={"age": 44})).json()
        decision = (await ask.decide(customer_id="main-000081")).json()
        assert (live["source"], decision["source"]) == ("live", "default")
        schemas = (await ask.client.get("/openapi.json")).json()["components"]["schemas"]
        sources = {"strategy", "completed", "live", "profile", "default"}
        assert set(schemas["Source"]["enum"]) == sources
        assert set(schemas["Arm"]["enum"]) == {"on", "off", "explore"}

    asking(test)


def test_a_likelihood_that_no_model_can_say_is_null_and_not_zero(
    home: Path, asking: Asking
) -> None:
    write_model_set(home / "models", "17", signals=("baseline", "value"))

    async def test(ask: Any) -> None:
        got = (await predict(ask, stage="lead", features={"age": 44})).json()
        assert got["source"] == "live"
        assert {(one["likelihood"], one["uplift"]) for one in got["offers"]} == {(None, None)}
        assert all(one["value"] is not None for one in got["offers"])
        assert got["signals"]["accept"] is None
        document = (await ask.client.get("/openapi.json")).json()
        offer = document["components"]["schemas"]["PredictedOffer"]
        kinds = {kind["type"] for kind in offer["properties"]["likelihood"]["anyOf"]}
        assert kinds == {"number", "null"}

    asking(test)


def test_only_the_offers_asked_for_are_answered(asking: Asking, model_set: Path) -> None:
    async def test(ask: Any) -> None:
        answer = await predict(ask, stage="lead", features={}, offers=["home_cover"])
        assert [offer["offer_id"] for offer in answer.json()["offers"]] == ["home_cover"]

    asking(test)


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"stage": "lead", "features": {"aeg": 4}}, "features.aeg", "Was 'age' meant?"),
        ({"stage": "lead", "features": {"age": "old"}}, "features.age", "Send a number"),
        ({"stage": "lead", "features": {"life_event": 4}}, "features.life_event", "Send text"),
        ({"stage": "lead", "features": {"age": [1]}}, "features[...]", ""),
        ({"stage": "laed", "features": {}}, "stage", "Was 'lead' meant?"),
        ({"stage": "lead"}, "features", "is missing"),
        ({"features": {}}, "stage", "is missing"),
        ({}, "customer_id", "Nobody is named"),
        ({"customer_id": "x", "stage": "lead", "features": {}}, "features", "Both"),
        (
            {"stage": "lead", "features": {}, "offers": ["tern_life"]},
            "offers[0]",
            "Was 'term_life' meant?",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(
    asking: Asking, model_set: Path, body: dict[str, Any], field: str, hint: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await predict(ask, **body)
        problem = answer.json()
        assert (answer.status_code, problem["field"]) == (422, field)
        assert hint in f"{problem['detail']} {problem['fix']}"

    asking(test)


def test_without_a_model_set_or_a_strategy_it_says_so_and_is_no_error(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        for body in ({"stage": "lead", "features": {}}, {"customer_id": "x"}):
            answer = await predict(ask, **body)
            assert (answer.status_code, answer.json()["source"]) == (200, "none")
            assert answer.json()["signals"] is None
            assert answer.json()["why"]

    asking(test)


def test_an_expired_strategy_still_says_what_it_held_and_that_it_expired(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        got = (await predict(ask, **{"from": examples.PHONE})).json()
        assert (got["source"], got["signals"]["accept"]) == ("strategy", 0.31)
        assert "expired" in got["why"]

    asking(test, now=examples.NOW + timedelta(days=30))


def test_a_promotion_is_followed_and_a_damaged_one_leaves_the_set_before(
    asking: Asking, model_set: Path
) -> None:
    async def test(ask: Any) -> None:
        async def version() -> str:
            ask.parts.following.look()
            got = (await predict(ask, stage="lead", features={})).json()
            return str(got["model_set"])

        assert await version() == "17"
        write_model_set(model_set.parent, "18 or so", signals=("accept",))
        assert await version() == "18 or so"
        write_json(model_set.parent / "current.json", {"version": "gone", "folder": "gone"})
        assert await version() == "18 or so"
        assert "cannot be loaded" in ask.parts.live.trouble

    asking(test)


def test_a_model_pointer_that_is_put_back_unchanged_is_no_trouble_any_more(
    asking: Asking, model_set: Path
) -> None:
    pointer, aside = model_set.parent / "current.json", model_set.parent / "aside.json"

    async def test(ask: Any) -> None:
        async def trouble() -> Any:
            ask.parts.following.look()
            assert (await predict(ask, stage="lead", features={})).json()["model_set"] == "17"
            return ask.parts.live.trouble

        assert await trouble() is None
        pointer.rename(aside)
        assert "is gone" in await trouble()
        aside.rename(pointer)
        assert await trouble() is None

    asking(test)


def test_a_model_set_that_could_not_be_loaded_is_tried_again_and_told_once(
    asking: Asking, model_set: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = model_set.with_name("away")
    model_set.rename(away)

    async def test(ask: Any) -> None:
        async def source() -> str:
            ask.parts.following.look()
            return str((await predict(ask, stage="lead", features={})).json()["source"])

        assert [await source(), await source()] == ["none", "none"]
        assert len([one for one in caplog.records if "cannot be loaded" in one.message]) == 1
        away.rename(model_set)  # the pointer is as it was
        assert await source() == "live"
        assert ask.parts.live.trouble is None

    asking(test)


def write_listening_models(models: Path) -> None:
    """Add models of accept to the set 17: that of leads listens to age, that for all to owners."""
    folder = write_model_set(models, "17", signals=("accept", "value"))
    heard = {"all": ((1, 0.9),), "lead": ((0, 0.8),)}
    for profile, pairs in heard.items():
        linear = LinearForm(-1.0, pairs, (0.0, 0.5), ())
        form = SignalForm(
            "probability", "linear", (linear,), (1.0,), 0.0, CalibrationForm(), reasons=linear
        )
        write_json(folder / "accept" / f"{profile}.json", asdict(form))
    manifest = json.loads((folder / MANIFEST).read_text())
    for answer in manifest["answers"]:
        if (answer["signal"], answer["profile"]) == ("accept", "lead"):
            answer.update(uses="lead", file="accept/lead.json")
    write_json(folder / MANIFEST, manifest)
    write_graphs(folder)
    write_contents(folder)


def test_the_models_are_the_stages_unless_importance_is_asked_for(
    home: Path, asking: Asking
) -> None:
    write_listening_models(home / "models")

    async def test(ask: Any) -> None:
        async def scored(**body: Any) -> Any:
            return (await predict(ask, stage="lead", **body)).json()

        older, owner = {"age": 75}, {"owner": True}
        plain = await scored(features=owner)
        assert (plain["profile"], plain["model_choice"]) == ("lead", None)
        assert plain == await scored(features=owner, model_choice="stage")
        by_age = await scored(features=older, model_choice="importance")
        by_owner = await scored(features=owner, model_choice="importance")
        assert (by_age["profile"], by_owner["profile"]) == ("lead", "all")
        assert by_age["offers"] == (await scored(features=older))["offers"]
        assert by_owner["offers"] != plain["offers"]
        told = by_owner["model_choice"]
        assert told["importance"]["all"] > told["importance"]["lead"] == 0.0
        assert f"importance {told['importance']['all']:.2f} against 0.00" in told["why"]
        assert by_owner["why"] == "2 of 3 features are unknown."

    asking(test)


def test_a_formed_strategy_is_not_chosen_anew(
    publish: Callable[..., str], asking: Asking, model_set: Path
) -> None:
    publish()

    async def test(ask: Any) -> None:
        asked = {"customer_id": examples.STRATEGY.customer_id}
        answer = await predict(ask, **asked, model_choice="importance")
        assert (answer.status_code, answer.json()["field"]) == (422, "model_choice")
        assert (await predict(ask, **asked, model_choice="stage")).status_code == 200

    asking(test)
