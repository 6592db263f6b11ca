"""How a verb ends: with an exit code, and with a sentence and its fix where it failed."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

REFUSED, FAILED, INTERRUPTED = 1, 3, 130
AGAIN_SECONDS = 0.05
_OTHERS = 0o007  # users of the machine who are neither the owner nor of the group
CONFLICT = 409  # the status of a refusal by the gate


class _Interrupts:
    """Whether Ctrl-C or a polite kill came; a library may answer it with an error of its own."""

    came = False

    @classmethod
    def note(cls, _signal: int, _frame: FrameType | None) -> NoReturn:
        cls.came = True
        raise KeyboardInterrupt

    @classmethod
    def raise_again(cls, lost: sys.UnraisableHookArgs) -> None:
        """Ask once more a little later, where a library's callback swallowed the interrupt."""
        if isinstance(lost.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            sys.__unraisablehook__(lost)


def run(verbs: Callable[..., object]) -> NoReturn:
    """Run one verb; every expected failure ends in a sentence and an exit code."""
    os.umask(os.umask(0o077) | _OTHERS)  # nearly all that is written tells of customers
    warnings.simplefilter("ignore")  # what a library deprecates is our concern, not the user's
    signal.signal(signal.SIGINT, _Interrupts.note)
    signal.signal(signal.SIGTERM, _Interrupts.note)
    signal.signal(signal.SIGALRM, _Interrupts.note)
    sys.unraisablehook = _Interrupts.raise_again
    try:
        verbs(prog_name="callworth")
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        sys.exit(_told(error))
    sys.exit(0)


def _told(error: BaseException) -> int:
    """Say what went wrong and return the exit code; raises again what nobody expected."""
    from rich.console import Console  # what ends well says nothing here
    from rich.markup import escape

    problem = Console(stderr=True, highlight=False, soft_wrap=True)
    ended_well = isinstance(error, SystemExit) and not error.code
    if _Interrupts.came and not ended_well:
        problem.print("[yellow]Interrupted.[/yellow] Nothing half-written stays: run it again.")
        return INTERRUPTED
    fix = getattr(error, "fix", None)
    if fix is None:
        raise error
    problem.print(f"[red]error:[/red] {escape(str(getattr(error, 'fact', error)))}")
    problem.print(f"[bold]fix:[/bold] {escape(str(fix))}")
    return REFUSED if getattr(error, "status", 0) == CONFLICT else FAILED
