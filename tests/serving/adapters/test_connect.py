"""Amazon Connect: the documented event in, and what the contact flow and its API take out.

The event is the sample of the administrator guide, "Invoke AWS Lambda functions"; AWS Lambda
Powertools parses the same one. Limits are those of UpdateContactRoutingData in the API reference.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from routing.answer import ShownFallback, ShownRoute
from serving import examples
from serving.adapters.connect import ANSWER_LIMIT_BYTES, flat_answer
from serving.adapters.connect_event import ConnectEvent, as_contact
from serving.adapters.connect_routing import RoutingCriteria, criteria, routing_answer
from serving.adapters.routers_file import ConnectSettings

Asking = Callable[..., None]
PATH = "/v1/adapters/connect"

EVENT: dict[str, Any] = {
    "Name": "ContactFlowEvent",
    "Details": {
        "ContactData": {
            "Attributes": {},
            "Channel": "VOICE",
            "ContactId": "5ca32fbd-8f92-46af-92a5-6b0f970f0efe",
            "CustomerEndpoint": {"Address": examples.PHONE, "Type": "TELEPHONE_NUMBER"},
            "InitialContactId": "5ca32fbd-8f92-46af-92a5-6b0f970f0efe",
            "InitiationMethod": "INBOUND",
            "InstanceARN": "arn:aws:connect:eu-central-1:123456789012:instance/9308c2a1",
            "MediaStreams": {
                "Customer": {
                    "Audio": {
                        "StartFragmentNumber": "91343852333181432392682062622220590765191907586",
                        "StartTimestamp": "1565781909613",
                        "StreamARN": "arn:aws:kinesisvideo:eu-central-1:123456789012:stream/x",
                    }
                }
            },
            "PreviousContactId": "5ca32fbd-8f92-46af-92a5-6b0f970f0efe",
            "Queue": {
                "ARN": "arn:aws:connect:eu-central-1:123456789012:instance/9308c2a1/queue/5cba",
                "Name": "QueueOne",
            },
            "SystemEndpoint": {"Address": "+15550199", "Type": "TELEPHONE_NUMBER"},
        },
        "Parameters": {"ParameterOne": "One", "ParameterTwo": "Two"},
    },
}


def event(**data: Any) -> dict[str, Any]:
    """Return the documented event, its contact data changed; `Parameters` replaces its own."""
    made = copy.deepcopy(EVENT)
    if "Parameters" in data:
        made["Details"]["Parameters"] = data.pop("Parameters")
    made["Details"]["ContactData"] |= data
    return made


def contact(**data: Any) -> Any:
    return as_contact(msgspec.convert(event(**data), ConnectEvent))


def test_the_documented_event_is_answered_with_a_flat_map_of_texts(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=EVENT)
        assert answer.status_code == 200
        told = answer.json()
        assert all(isinstance(value, str) for value in told.values())
        assert (told["queue"], told["priority"], told["source"]) == ("sales_first", "1", "strategy")
        assert (told["fallback_1_queue"], told["fallback_1_after_seconds"]) == ("sales_any", "45")
        assert told["skills"] == "life=2"
        assert told["offer"] == "term_life"

    asking(test)


def test_the_routing_data_fit_the_api_that_takes_them(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        told = (await ask.client.post(f"{PATH}/routing", json=EVENT)).json()
        assert told["routing"] == {
            "QueuePriority": 1,
            "RoutingCriteria": {
                "Steps": [
                    {
                        "Expression": {
                            "AttributeCondition": {
                                "Name": "Skill",
                                "Value": "life",
                                "ProficiencyLevel": 2.0,
                                "ComparisonOperator": "NumberGreaterOrEqualTo",
                            }
                        },
                        "Expiry": {"DurationInSeconds": 45},
                    }
                ]
            },
        }

    asking(test)


def test_the_numbers_and_the_call_are_read() -> None:
    found = contact()
    assert (found.from_, found.to, found.channel) == (examples.PHONE, "+15550199", "voice")
    assert found.contact_id == EVENT["Details"]["ContactData"]["ContactId"]
    assert found.answers is None


@pytest.mark.parametrize(
    ("channel", "method", "meant"),
    [
        ("VOICE", "INBOUND", "voice"),
        ("VOICE", "CALLBACK", "callback"),
        ("CHAT", "API", "chat"),
        ("EMAIL", "INBOUND", "email"),
        ("TASK", "API", "message"),
        ("HOLOGRAM", "TRANSFER", "message"),
    ],
)
def test_every_channel_has_a_meaning(channel: str, method: str, meant: str) -> None:
    assert contact(Channel=channel, InitiationMethod=method).channel == meant


def test_a_parameter_comes_before_an_attribute() -> None:
    found = contact(
        Attributes={"customer_id": "c-old", "reason": "claim", "mood": "good"},
        Parameters={"customer_id": "c-new", "deadline_ms": "2500", "postcode": None},
    )
    assert found.customer_id == "c-new"
    assert found.answers.reason == "claim"
    assert found.deadline_ms == 2500


@pytest.mark.parametrize(
    "changed",
    [
        {"CustomerEndpoint": None, "SystemEndpoint": None, "Queue": None},
        {"Attributes": {"reason": "a song", "deadline_ms": "soon"}},
        {"Attributes": {"deadline_ms": "-1", "customer_id": ""}},
        {"Attributes": {"deadline_ms": "٣"}},  # digits, though not ASCII's
        {"CustomerEndpoint": {"Address": "anonymous", "Type": "TELEPHONE_NUMBER"}},
        {"Parameters": {}},
        {"Parameters": None},
        {"Attributes": {f"attribute_{at}": "x" * 300 for at in range(100)}},  # about 32 KB
        {"Attributes": {"name": "\r\nX-Route-Queue: first", "street": "'; DROP TABLE x; --"}},
        {"Attributes": {"name": "\u202e" * 5_000}},
        {"SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Telephony"}}},
    ],
)
def test_odd_but_whole_events_get_a_route(
    publish: Callable[..., str], asking: Asking, changed: dict[str, Any]
) -> None:
    publish()

    async def test(ask: Any) -> None:
        for path in (PATH, f"{PATH}/routing"):
            answer = await ask.client.post(path, json=event(**changed))
            assert answer.status_code == 200, answer.text
            assert answer.json()["queue"]

    asking(test)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "Details"),
        ({"Details": {}}, "Details.ContactData"),
        ({"Details": {"ContactData": {}}}, "Details.ContactData.ContactId"),
        (event(ContactId=""), "Details.ContactData.ContactId"),
        (event(ContactId="x" * 201), "Details.ContactData.ContactId"),
        (event(ContactId=7), "Details.ContactData.ContactId"),
        (event(Channel=None), "Details.ContactData.Channel"),
        (event(CustomerEndpoint={"Address": "9" * 401}), "Details.ContactData.CustomerEndpoint."),
        (event(Parameters=["a"]), "Details.Parameters"),
        (event(Attributes={"a": {"b": "c"}}), "Details.ContactData.Attributes"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_name_of_its_field(
    asking: Asking, wrong: dict[str, Any], field: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["field"].startswith(field)
        assert answer.json()["fix"]

    asking(test)


def route(levels: dict[str, int], *seconds: int) -> ShownRoute:
    fallbacks = tuple(ShownFallback(f"q{at}", each) for at, each in enumerate(seconds))
    return ShownRoute("q", 1, levels, None, fallbacks)


def levels_of(found: RoutingCriteria) -> list[list[float]]:
    """Return the levels asked for, by step."""
    steps = []
    for step in found.steps:
        one = step.expression
        each = one.and_expression or (one,)
        steps.append([part.attribute_condition.proficiency_level for part in each])
    return steps


def test_each_step_asks_for_one_level_less_and_every_step_ends() -> None:
    found = criteria(route({"life": 3, "french": 1}, 30, 60), settings=ConnectSettings())
    assert levels_of(found) == [[1.0, 3.0], [1.0, 2.0]]
    assert [step.expiry.duration_in_seconds for step in found.steps] == [30, 60]


def test_a_route_without_fallbacks_still_frees_the_caller_in_the_end() -> None:
    found = criteria(route({"life": 3}), settings=ConnectSettings(step_seconds=90))
    assert [step.expiry.duration_in_seconds for step in found.steps] == [90]


def test_levels_and_names_keep_to_the_limits_of_the_api() -> None:
    found = criteria(
        route({"a": 0, "b": 9, "c" * 129: 2, "": 1, "d" * 128: 5}, 0), settings=ConnectSettings()
    )
    assert levels_of(found) == [[1.0, 5.0, 5.0]]
    assert found.steps[0].expiry.duration_in_seconds == 1
    assert criteria(route({}), settings=ConnectSettings()) is None


def test_the_flat_answer_keeps_under_the_limit_of_a_function() -> None:
    decision = msgspec.structs.replace(
        examples.DECISION,
        why="é" * 9_000,
        route=route({f"skill_{at}": 1 for at in range(3_000)}, *range(1_000)),
    )
    flat = flat_answer(decision, msgspec.convert(EVENT, ConnectEvent), settings=ConnectSettings())
    assert len(msgspec.json.encode(flat)) <= ANSWER_LIMIT_BYTES
    assert flat["queue"] == "q"


def test_a_value_group_may_be_moved_ahead_in_its_queue() -> None:
    settings = ConnectSettings(seconds_ahead={"first": 60})
    told = routing_answer(
        examples.DECISION, msgspec.convert(EVENT, ConnectEvent), settings=settings
    )
    assert told.routing.queue_time_adjustment_seconds == 60
