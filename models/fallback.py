"""Where a profile's own model orders its customers no better, the all-profiles model answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from models.candidates.contract import Rows
from models.model_set import ALL_PROFILES, Answer
from models.ordering import ordering_losses
from models.planning import Election, SignalRows
from models.selection import Elected
from models.signals import Signal


def settled(
    answers: Iterable[Answer],
    *,
    jobs: Iterable[Election],
    elected: Mapping[tuple[str, str], Elected],
    rows_of: Mapping[Signal, SignalRows],
) -> list[Answer]:
    """Return the answers with their champions, after each profile's own model met the other.

    Both are compared as they stood in their elections, fitted on the fit part, by their mean
    ordering loss on the profile's select part; the own model answers unless it does worse.
    """
    select = {(str(job.signal), job.profile): job.select for job in jobs}
    found = []
    for answer in answers:
        key = (answer.signal, answer.profile)
        why = None
        if answer.uses != ALL_PROFILES and key in select:
            rows = rows_of[Signal(answer.signal)].take(select[key])
            mine = _loss(elected[key], rows)
            theirs = _loss(elected[answer.signal, ALL_PROFILES], rows)
            if theirs < mine:
                why = f"its own model's loss of {mine:.4f} is above {theirs:.4f}"
        uses = ALL_PROFILES if why else answer.uses
        found.append(
            replace(
                answer,
                uses=uses,
                champion=elected[answer.signal, uses].champion,
                file=f"{answer.signal}/{uses}.json",
                why=why or answer.why,
                view=elected[answer.signal, uses].view.name,
            )
        )
    return found


def _loss(one: Elected, rows: Rows) -> float:
    score = one.standings[one.champion].candidate.score(rows)
    return float(ordering_losses(score, rows, task=one.task, upright=True).mean())
