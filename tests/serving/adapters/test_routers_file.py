"""HOME/routers.toml: what it may say, and that a slip of the pen is told by its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.adapters.routers_file import Routers, RoutersFileError, read_routers
from serving.app import build_app
from serving.settings import Settings


def test_without_a_file_there_are_the_defaults(home: Path) -> None:
    assert read_routers(home) == Routers()


def test_the_example_of_the_guide_is_taken(
    home: Path, root: Path, routers: Callable[..., None]
) -> None:
    guide = (root / "docs" / "routers.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    routers(example)
    found = read_routers(home)
    assert found.clients["pbx"].deadline_ms == 150
    assert found.kamailio is not None and found.twilio is not None
    assert found.json["pbx"].answer["target.queue"] == "route.queue"
    assert found.connect.seconds_ahead == {"first": 60}


KAMAILIO = '[kamailio]\ndefault = "sip:d@127.0.0.1:5060"\n'
JSON = '[json.a]\ncontact = {contact_id = "id", channel = "kind"}\nanswer = '


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[kamailio", "routers.toml"),
        ("[kamalio]\n", "kamalio"),
        ("[kamailio]\n", "default"),
        ('[kamailio]\ndefault = "10.0.0.1"\n', "[kamailio] default"),
        (KAMAILIO + 'queues.a = "sip:a@10.0.0.1\\r\\nX: y"\n', "[kamailio] a"),
        (KAMAILIO + 'queues.a = "sip:a@10.0.0.1>"\n', "[kamailio] a"),
        (KAMAILIO + 'queues.a = "sip:a b@10.0.0.1"\n', "[kamailio] a"),
        (KAMAILIO + 'queues.a = "http://10.0.0.1"\n', "[kamailio] a"),
        (KAMAILIO + 'queues.a = ""\n', "[kamailio] a"),
        (KAMAILIO + "ring_ms = 0\n", "ring_ms"),
        ("[clients.pbx]\ndeadline_ms = 0\n", "deadline_ms"),
        ("[clients.pbx]\ndeadline = 10\n", "deadline"),
        ("most_in_flight = 0\n", "most_in_flight"),
        ('[twilio]\nauth_token = "a"\npublic_url = "https://a/b"\n', "public_url"),
        ('[twilio]\nauth_token = ""\npublic_url = "https://a"\n', "auth_token"),
        ('[genesys]\nstat_server = "a@b"\n', "stat_server"),
        (JSON + '{q = "rout.queue"}\n', "rout.queue"),
        (JSON + '{a = "arm", "a.b" = "arm"}\n', "one name lies within another"),
        ('[json.a]\ncontact = {contact_id = "id"}\nanswer = {}\n', "channel"),
        ('[json.a]\ncontact = {contact_id = "i", chanel = "k"}\nanswer = {}\n', "chanel"),
    ],
)
def test_what_cannot_be_meant_is_told_by_its_place(
    home: Path, routers: Callable[..., None], text: str, place: str
) -> None:
    routers(text)
    with pytest.raises(RoutersFileError) as caught:
        read_routers(home)
    assert place in caught.value.fact
    assert caught.value.fix
    with pytest.raises(RoutersFileError):  # and the server does not start on half a file
        build_app(Settings(home=home))


@pytest.mark.parametrize(
    "address",
    [
        "sip:10.0.0.1",
        "sips:a@pbx.example.com:5061",
        "sip:+15550199@[2001:db8::1]:5060;transport=tcp",
        "sip:a.b-c_d@pbx",
    ],
)
def test_addresses_of_every_usual_form_are_taken(
    home: Path, routers: Callable[..., None], address: str
) -> None:
    routers(KAMAILIO + f'queues.a = "{address}"\n')
    found = read_routers(home)
    assert found.kamailio is not None and found.kamailio.queues == {"a": address}


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    home.mkdir()
    (home / "routers.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RoutersFileError, match=r"routers\.toml cannot be read"):
        read_routers(home)
