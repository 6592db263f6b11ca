"""A port that cannot be had is told in our own words, before anything is opened."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from serving.errors import SettingsError
from serving.listening import PortTakenError, demand_free
from serving.run import serve
from serving.settings import Settings


def test_a_taken_port_is_named_and_nothing_is_opened(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Port {port} of 127.0.0.1 is taken") as told:
            serve(Settings(home=tmp_path / "home", port=port))
    assert "--port" in told.value.fix
    assert not (tmp_path / "home").exists()
    demand_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SettingsError, match="no address of this machine"):
        demand_free("192.0.2.1", 0)  # reserved for documentation: nobody has it


def test_a_name_that_nobody_knows_is_named() -> None:
    with pytest.raises(SettingsError, match="no address of this machine"):
        demand_free("nowhere.invalid", 0)


def test_any_free_port_is_always_to_be_had() -> None:
    demand_free("127.0.0.1", 0)
