"""The verbs of API keys: create, list, rotate, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, Home, instant
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

if TYPE_CHECKING:
    from serving.key_file import Key

keys = typer.Typer(help="API keys: who may ask the server what.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Whose key.", show_default=False)]


def file_in(home: Path) -> Path:
    """Return the keys file that the server of this workspace follows, wherever it lies."""
    from serving.settings import Settings

    return Settings.from_environment(home=home).keys_file


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use the key.")],
    role: Annotated[str, typer.Option(help="router, marketing or scientist.")],
    ends: Annotated[
        datetime | None,
        typer.Option(parser=instant, metavar="TIME", help="From when on it is no longer taken."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Requests a second that it may ask.")
    ] = None,
    burst: Annotated[
        float | None, typer.Option(min=1.0, help="Requests at once. [those of one second]")
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown once, only its hash is kept."""
    from serving.key_changes import create_key
    from serving.key_file import Rate

    if burst is not None and rate is None:
        raise typer.BadParameter("--burst needs --rate.")
    limit = Rate(rate, burst or max(1.0, rate)) if rate is not None else None
    secret = create_key(home, name=name, role=role, file=file_in(home), ends=ends, rate=limit)
    screen = Screen(as_json)
    screen.say(f"Key of '{escape(name)}' ({role}), shown this once: [bold]{secret}[/bold]")
    screen.result({"name": name, "role": role, "key": secret})


@keys.command("list")
def list_all(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Show every key: its role, how many secrets it has, when it ends, how fast it may ask."""
    from serving.key_file import read_keys

    now = datetime.now(UTC).timestamp()
    listed = [_shown(key, now=now) for key in read_keys(file_in(home))]
    screen = Screen(as_json)
    screen.table("", list(listed[0]), [list(one.values()) for one in listed])
    screen.result({"keys": listed})


def _shown(key: Key, *, now: float) -> dict[str, object]:
    forever = key.ends == float("inf")
    return {
        "name": key.name,
        "role": key.role.value,
        "secrets": len(key.hashes),
        "ends": None if forever else datetime.fromtimestamp(key.ends, UTC).isoformat(),
        "ended": key.ends <= now,
        "requests_per_second": key.rate.per_second if key.rate else None,
        "burst": key.rate.burst if key.rate else None,
    }


@keys.command("rotate")
def rotate(
    name: Name,
    retire: Annotated[
        bool, typer.Option("--retire", help="Take the older secret away, once nobody sends it.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Give a key a second secret, shown once; both are taken until --retire ends the older."""
    from serving.key_changes import retire_secret, rotate_key

    screen = Screen(as_json)
    if retire:
        retire_secret(file_in(home), name=name)
        screen.say(f"Key of '{escape(name)}': only the newer secret is taken now.")
        screen.result({"name": name, "retired": True})
        return
    secret = rotate_key(file_in(home), name=name)
    screen.say(f"Second secret of '{escape(name)}', shown this once: [bold]{secret}[/bold]")
    screen.say(f"When nobody sends the first: `callworth keys rotate {escape(name)} --retire`.")
    screen.result({"name": name, "key": secret})


@keys.command("revoke")
def revoke(name: Name, home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """End a key now, with all its secrets; a server that runs hears of it within a second."""
    from serving.key_changes import revoke_key

    revoke_key(file_in(home), name=name, now=datetime.now(UTC))
    screen = Screen(as_json)
    screen.say(f"Key of '{escape(name)}' has ended.")
    screen.result({"name": name, "revoked": True})
