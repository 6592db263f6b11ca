"""The verb that runs the server: serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Home
from pipelines.workspace import DEFAULT_HOME
from serving.structured_logs import LogFormat


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to listen on. [8350]", show_default=False),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that answer. [1]", show_default=False)
    ] = None,
    hold_back_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Share of contacts to which nothing is offered, to measure by. [0.05]",
            show_default=False,
        ),
    ] = None,
    explore_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=0.2,
            help="Share of the other contacts that draw what is offered at random, to learn. [0]",
            show_default=False,
        ),
    ] = None,
    explore_regret: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Money per contact that exploring may cost at most. [no bound]",
            show_default=False,
        ),
    ] = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(help="PEM certificate, with its chain: answer over TLS.", show_default=False),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="The certificate's key, PEM.", show_default=False)
    ] = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(help="How the server's own log is written. [text]", show_default=False),
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Answer routers over HTTP, and show marketing its pages.

    Every option can also be set as CALLWORTH_HOST, CALLWORTH_PORT and so on (docs/http.md).
    """
    from serving.run import serve as run_server
    from serving.settings import Settings

    run_server(
        Settings.from_environment(
            home=home,
            host=host,
            port=port,
            workers=workers,
            hold_back_share=hold_back_share,
            explore_share=explore_share,
            explore_regret=explore_regret,
            tls_certificate=tls_certificate,
            tls_key=tls_key,
            log_format=log_format,
        )
    )
