from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.errors import KeysFileError
from serving.identity import KeyRing, Use
from serving.key_changes import create_key, retire_secret, revoke_key, rotate_key
from serving.key_file import Rate, Role, read_keys
from serving.problems import ProblemError
from serving.settings import Settings

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@pytest.fixture
def file(home: Path) -> Path:
    return home / "keys.toml"


def admitted(home: Path, secret: str) -> bool:
    """Return whether a server started now takes the secret."""
    try:
        KeyRing.opened(Settings(home=home)).admit({"x-api-key": secret}, Use.DECIDE)
    except ProblemError as error:
        assert error.status == 401
        return False
    return True


def test_while_a_key_is_rotated_both_secrets_are_taken_and_then_the_newer_alone(
    home: Path, file: Path
) -> None:
    old = create_key(home, name="pbx", role="router")
    new = rotate_key(file, name="pbx")
    assert admitted(home, old) and admitted(home, new)
    retire_secret(file, name="pbx")
    assert not admitted(home, old) and admitted(home, new)
    assert old not in file.read_text() and new not in file.read_text()


def test_a_key_is_rotated_one_step_at_a_time(home: Path, file: Path) -> None:
    create_key(home, name="pbx", role="router")
    with pytest.raises(KeysFileError, match="one secret only"):
        retire_secret(file, name="pbx")
    rotate_key(file, name="pbx")
    with pytest.raises(KeysFileError, match="--retire"):
        rotate_key(file, name="pbx")


def test_a_revoked_key_ends_and_leaves_the_others_and_the_house_closed(
    home: Path, file: Path
) -> None:
    pbx = create_key(home, name="pbx", role="router")
    desk = create_key(home, name="desk", role="marketing")
    revoke_key(file, name="pbx", now=NOW)
    assert not admitted(home, pbx)
    revoke_key(file, name="desk", now=NOW)
    assert not admitted(home, desk)
    assert not KeyRing.opened(Settings(home=home)).open_house


def test_a_key_is_taken_until_the_second_in_which_it_ends(home: Path, file: Path) -> None:
    secret = create_key(home, name="pbx", role="router", ends=NOW)
    headers = {"x-api-key": secret}

    def ring(at: datetime) -> KeyRing:
        made = KeyRing(file, loopback=True, clock=at.timestamp)
        made.follow()
        return made

    ring(NOW - timedelta(microseconds=1)).admit(headers, Use.DECIDE)
    with pytest.raises(ProblemError, match="not known"):
        ring(NOW).admit(headers, Use.DECIDE)


def test_a_change_leaves_the_rest_of_the_file_as_it_was_written(home: Path, file: Path) -> None:
    create_key(home, name="pbx", role="router")
    ours = "# keys of the house\n\n" + file.read_text() + "\n"
    theirs = '\n[[keys]]  # the desk\nname = "desk"\nrole = "marketing"\nsha256 = "' + "0" * 64
    file.write_text(ours + theirs + '"\nburst = 7.0\n')
    rotate_key(file, name="pbx")
    assert file.read_text().startswith("# keys of the house\n")
    assert file.read_text().endswith(theirs + '"\nburst = 7.0\n')
    assert [len(key.hashes) for key in read_keys(file)] == [2, 1]


def test_what_a_key_may_is_kept_when_it_is_rotated(home: Path, file: Path) -> None:
    create_key(home, name="pbx", role="router", ends=NOW, rate=Rate(12.5, 40.0))
    rotate_key(file, name="pbx")
    (key,) = read_keys(file)
    assert (key.role, key.ends, key.rate) == (Role.ROUTER, NOW.timestamp(), Rate(12.5, 40.0))


@pytest.mark.parametrize(
    "line",
    [
        "requests_per_second = 0",
        "requests_per_second = -1",
        "burst = 0.5",
        'ends = "tomorrow"',
        "sha256 = []",
        'roll = "router"',
        'name = "pbx\\nrole"',
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_by_its_place(
    home: Path, file: Path, line: str
) -> None:
    create_key(home, name="pbx", role="router")
    wrong = line.partition(" ")[0]
    kept = [one for one in file.read_text().splitlines() if not one.startswith(wrong)]
    file.write_text("\n".join([*kept, line]))
    with pytest.raises(KeysFileError, match="key 1"):
        read_keys(file)


def test_two_keys_cannot_share_a_name(home: Path, file: Path) -> None:
    create_key(home, name="pbx", role="router")
    file.write_text(file.read_text() * 2)
    with pytest.raises(KeysFileError, match="two keys 'pbx'"):
        read_keys(file)


def test_an_unknown_key_is_told_which_there_are(home: Path, file: Path) -> None:
    with pytest.raises(KeysFileError, match="keys create"):
        revoke_key(file, name="pbx", now=NOW)
    create_key(home, name="pbx", role="router")
    with pytest.raises(KeysFileError, match="There are: pbx"):
        revoke_key(file, name="pbx2", now=NOW)


def test_keys_made_at_once_are_all_kept(home: Path, file: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: create_key(home, name=f"k{n}", role="router"), range(12)))
    assert {key.name for key in read_keys(file)} == {f"k{n}" for n in range(12)}
