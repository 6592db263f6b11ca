"""The verb `demo`: the main job on a generated insurer, with real decisions at the end."""

from __future__ import annotations

import signal
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.data import END_OF_GENERATED_DATA
from pipelines.cli.options import AsJson, Home
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace


def demo(
    customers: Annotated[int, typer.Option(min=2_000, help="How many customers.")] = 50_000,
    seed: Annotated[int, typer.Option(help="Same seed, same insurer.")] = 7,
    port: Annotated[int, typer.Option(help="Port of the server, if it is free.")] = 8350,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Keep serving, or end after the decisions.")
    ] = True,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Generate an insurer, learn from it, publish strategies and route twenty real calls."""
    from pipelines.cli.limits_shown import say_what_binds
    from pipelines.demo import Rehearsal, Stopwatch, address_of, decide
    from pipelines.running import free_port, server
    from serving.pages.limits_report import limits_file

    screen, space = Screen(as_json), Workspace(home)
    watch = Stopwatch(screen)
    rehearsal = Rehearsal(space, seed, END_OF_GENERATED_DATA, datetime.now(UTC), watch)
    rehearsal.know(customers=customers)
    rehearsal.learn()
    rehearsal.publish()
    say_what_binds(screen, limits_file(home).latest())
    with ExitStack() as running:
        listening = free_port(port)
        address = address_of(listening)
        with watch.step("start the server and decide"):
            running.enter_context(
                server(
                    ["pipelines.cli", "serve", "--home", str(home), "--port", str(listening)],
                    ready=f"{address}/health/live",
                    log=home / "log" / "server.txt",
                )
            )
            answers = decide(address, tables=space.tables, screen=screen)
        screen.say(f"\nThe main job took [bold]{watch.total:.0f} s[/bold].")
        screen.result(
            {"seconds": watch.seconds, "total_seconds": watch.total, "decisions": answers}
        )
        if serve:
            _keep_serving(address, space=space, screen=screen, running=running)
    if not serve:
        _say_what_next(space, screen=screen)


def _say_what_next(space: Workspace, *, screen: Screen) -> None:
    screen.say("Look further:")
    screen.say(f"  .venv/bin/callworth strategies show c0000012 --home '{space.screen}'")
    screen.say(
        f"  .venv/bin/callworth serve --home '{space.screen}'   # then open /offers and /docs"
    )
    screen.say(
        f"  .venv/bin/mlflow ui --backend-store-uri 'sqlite:///{space.screen}/mlflow/mlflow.db'"
    )


def _keep_serving(address: str, *, space: Workspace, screen: Screen, running: ExitStack) -> None:
    from models.tracking import tracking_uri
    from pipelines.demo import address_of
    from pipelines.running import free_port, server

    mlflow_port = free_port(5000)
    screen.say("Starting the MLflow UI ...")
    running.enter_context(
        server(
            ["mlflow", "server", "--backend-store-uri", tracking_uri(space.home), "--host",
             "127.0.0.1", "--port", str(mlflow_port), "--workers", "1"],
            ready=f"{address_of(mlflow_port)}/health",
            log=space.home / "log" / "mlflow.txt",
            patience_seconds=120,
        )
    )  # fmt: skip
    screen.say(f"  offers, for marketing        {address}/offers")
    screen.say(f"  the API, for the router      {address}/docs")
    screen.say(f"  MLflow, for the scientist    {address_of(mlflow_port)}")
    screen.say("Ctrl-C ends.")
    with suppress(KeyboardInterrupt):
        signal.pause()
    screen.say("Ended.")
