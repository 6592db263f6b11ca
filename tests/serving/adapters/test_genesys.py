"""Genesys-style routing: user data and targets, and scores under the names that Genesys keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from routing.answer import ShownFallback, ShownRoute
from serving import examples
from serving.adapters.genesys import MOST_TARGETS, targets_of
from serving.adapters.genesys_scores import Agent, fit

Asking = Callable[..., None]
PATH = "/v1/adapters/genesys"
INTERACTION: dict[str, Any] = {
    "connid": "00720301a8c0e3f1",
    "mediatype": "voice",
    "ani": examples.PHONE,
    "dnis": "+15550199",
    "userdata": {"reason": "quote", "RTargetTypeSelected": "2", "ServiceObjective": 20},
}
AGENTS: list[dict[str, Any]] = [
    {"agentId": "none", "skills": {}},
    {"agentId": "some", "skills": {"life": 1, "french": 9}},
    {"agentId": "enough", "skills": {"life": 2}},
    {"agentId": "more", "skills": {"life": 9}},
]


def test_user_data_are_texts_and_targets_are_agent_groups(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        told = (await ask.client.post(PATH, json=INTERACTION)).json()
        data = told["userdata"]
        assert (data["cw_queue"], data["cw_offer"], data["cw_skills"]) == (
            "sales_first", "term_life", "life>=2",
        )  # fmt: skip
        assert all(isinstance(value, str) for value in data.values())
        assert told["targets"] == [
            {"target": "?:life>=2@StatServer.GA", "timeout": 45},
            {"target": "sales_first@StatServer.GA", "timeout": 45},
            {"target": "sales_any@StatServer.GA", "timeout": 0},
        ]

    asking(test)


def test_a_selection_has_no_more_targets_than_the_router_takes() -> None:
    fallbacks = tuple(ShownFallback(f"q{at}", 10) for at in range(40))
    route = ShownRoute("q", 1, {"b": 1, "a": 3}, None, fallbacks)
    targets = targets_of(route, server="Stat.Server")
    assert len(targets) == MOST_TARGETS == 15
    assert targets[0].target == "?:a>=3 & b>=1@Stat.Server.GA"


@pytest.mark.parametrize(
    "changed",
    [
        {"userdata": {}},
        {"userdata": {"reason": 7, "name": None, "deadline_ms": 5_000}},
        {"userdata": {"customer_id": ["a"], "partner": {"b": 1}}},
        {"userdata": {"note": "x" * 30_000}},
        {"ani": None, "dnis": None},
        {"ani": "anonymous"},
        {"mediatype": "EMAIL"},
        {"mediatype": "workitem"},
        {"tenant": "a field of another version"},
    ],
)
def test_odd_but_whole_interactions_are_answered(
    publish: Callable[..., str], asking: Asking, changed: dict[str, Any]
) -> None:
    publish()

    async def test(ask: Any) -> None:
        interaction = INTERACTION | changed
        answer = await ask.client.post(PATH, json=interaction)
        assert answer.status_code == 200, answer.text
        assert answer.json()["targets"]
        sent = {"interaction": interaction, "agents": AGENTS}
        assert (await ask.client.post(f"{PATH}/scores", json=sent)).status_code == 200

    asking(test)


@pytest.mark.parametrize(
    ("path", "wrong", "field"),
    [
        (PATH, {}, "connid"),
        (PATH, INTERACTION | {"connid": ""}, "connid"),
        (PATH, INTERACTION | {"connid": 7}, "connid"),
        (PATH, INTERACTION | {"ani": "9" * 401}, "ani"),
        (PATH, INTERACTION | {"userdata": "a=b"}, "userdata"),
        (f"{PATH}/scores", {"agents": []}, "interaction"),
        (f"{PATH}/scores", {"interaction": INTERACTION}, "agents"),
        (f"{PATH}/scores", {"interaction": {}, "agents": []}, "interaction.connid"),
        (
            f"{PATH}/scores",
            {"interaction": INTERACTION, "agents": [{"skills": {}}]},
            "agents[0].agentId",
        ),
        (
            f"{PATH}/scores",
            {"interaction": INTERACTION, "agents": [{"agentId": "a", "skills": {"life": "2"}}]},
            "agents[0].skills",
        ),
        (
            f"{PATH}/scores",
            {"interaction": INTERACTION, "agents": [{"agentId": "a"}] * 1_001},
            "agents",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    asking: Asking, path: str, wrong: dict[str, Any], field: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(path, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["field"].startswith(field)

    asking(test)


def test_scores_order_agents_by_the_skill_they_have(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        sent = {"interaction": INTERACTION, "agents": AGENTS}
        told = (await ask.client.post(f"{PATH}/scores", json=sent)).json()
        assert [
            (one["agentId"], one["gpmAgentScore"], one["gpmAgentRank"]) for one in told["scores"]
        ] == [("enough", 100.0, 1), ("more", 100.0, 2), ("some", 50.0, 3), ("none", 0.0, 4)]
        assert told["gpmSuitableAgentsCount"] == 2
        assert told["gpmPredictor"] == examples.STRATEGY_SET
        assert told["CALLID"] == INTERACTION["connid"]
        assert told["CustomerID"] == "main-000081"

    asking(test)


def test_scores_and_user_data_of_one_interaction_rest_on_one_decision(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        await ask.client.post(PATH, json=INTERACTION)
        sent = {"interaction": INTERACTION, "agents": AGENTS}
        await ask.client.post(f"{PATH}/scores", json=sent)
        labels = {"adapter": "genesys", "kept": "repeated"}
        name = "callworth_adapter_answers_total"
        assert ask.parts.metrics.registry.get_sample_value(name, labels) == 1.0

    asking(test)


@pytest.mark.parametrize(
    ("has", "wanted", "score"),
    [
        ({}, {}, 100.0),
        ({"life": 1}, {}, 100.0),
        ({"life": 1}, {"life": 3}, 33.33),
        ({"life": -5}, {"life": 3}, 0.0),
        ({"life": 3}, {"life": 3, "french": 1}, 0.0),
        ({"life": 9, "french": 1}, {"life": 3, "french": 2}, 50.0),
        ({}, {"life": 0}, 100.0),
    ],
)
def test_the_weakest_skill_makes_the_score(
    has: dict[str, int], wanted: dict[str, int], score: float
) -> None:
    assert fit(Agent("a", has), wanted) == score
