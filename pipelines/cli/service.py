"""The verbs around the server: serve, keys create."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

keys = typer.Typer(help="API keys: who may ask the server what.", no_args_is_help=True)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8350,
    home: Home = DEFAULT_HOME,
) -> None:
    """Answer routers over HTTP, and show marketing its pages."""
    from serving.run import serve as run_server
    from serving.settings import Settings

    run_server(Settings.from_environment(home=home, host=host, port=port))


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will use the key.")],
    role: Annotated[str, typer.Option(help="router, marketing or scientist.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown once, only its hash is kept."""
    from serving.identity import create_key

    screen = Screen(as_json)
    secret = create_key(home, name=name, role=role)
    screen.say(f"Key of '{name}' ({role}), shown this once: [bold]{secret}[/bold]")
    screen.result({"name": name, "role": role, "key": secret})
