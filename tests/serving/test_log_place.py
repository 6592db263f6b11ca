from __future__ import annotations

from pathlib import Path

import pytest

from serving.errors import SettingsError
from serving.log_file import LogFile
from serving.log_place import place_of
from serving.log_postgresql import PostgresqlLog
from serving.settings import Settings


def test_the_log_lies_in_the_home_unless_a_file_is_named() -> None:
    assert place_of(Settings(home=Path("h"))).name == "The log h/log/decisions.sqlite"
    named = Settings.from_environment({"CALLWORTH_LOG": "/var/log/callworth.sqlite"})
    assert isinstance(place_of(named), LogFile)
    assert named.log_file == Path("/var/log/callworth.sqlite")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://callworth:secret@db/calls", "postgresql://callworth@db/calls"),
        ("postgresql://callworth:se:cr#et@db/calls", "postgresql://callworth@db/calls"),
        ("postgresql://callworth:se?cret@db/calls", "postgresql://..."),
        ("postgresql://db/calls?password=se@cret", "postgresql://..."),
        ("postgres://db/calls?user=callworth&password=secret", "postgres://db/calls"),
        ("postgresql://db:5433/calls", "postgresql://db:5433/calls"),
    ],
)
def test_a_log_in_postgresql_is_named_without_its_password(address: str, shown: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgresql`)")
    place = place_of(Settings(log=address))
    assert isinstance(place, PostgresqlLog)
    assert place.name == f"The log {shown}"


@pytest.mark.parametrize("password", ["se@cret", "s%zzcret"])
def test_a_password_that_breaks_the_address_is_refused_and_not_shown(password: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgresql`)")
    with pytest.raises(SettingsError, match="no address that PostgreSQL can read") as refused:
        place_of(Settings(log=f"postgresql://callworth:{password}@db/calls"))
    assert "cret" not in str(refused.value)


def test_another_kind_of_log_is_refused_with_the_fix() -> None:
    with pytest.raises(SettingsError, match=r"'kafka://'.*postgresql://"):
        place_of(Settings(log="kafka://broker:9092/decisions"))
