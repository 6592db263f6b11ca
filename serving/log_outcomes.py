"""What is said of an outcome: new, repeated, in conflict, or of an unknown decision."""

from __future__ import annotations

from typing import Any

from serving.errors import DecisionUnknownError, OutcomeConflictError
from serving.log_entry import LoggedOutcome, Stored, instant_text


def outcome_row(outcome: LoggedOutcome) -> tuple[Any, ...]:
    """Return an outcome as its table holds it; the time of receipt stands last."""
    return (
        outcome.decision_id,
        outcome.offer_id,
        int(outcome.accepted),
        outcome.revenue,
        instant_text(outcome.occurred_at),
        instant_text(outcome.received_at),
    )


def already_stored(found: tuple[Any, ...], row: tuple[Any, ...]) -> Stored | OutcomeConflictError:
    """Return whether the row repeats the one that was found, or contradicts it."""
    if found[:-1] == row[:-1]:  # all but the time of receipt
        return Stored.REPEATED
    return OutcomeConflictError(
        f"The outcome of offer '{row[1]}' in decision '{row[0]}' was stored before with"
        f" accepted={'true' if found[2] else 'false'}, revenue={found[3]},"
        f" occurred_at={found[4]}.",
        fix="An outcome is stored once: repeat it unchanged, or leave it.",
    )


def unknown(outcome: LoggedOutcome) -> DecisionUnknownError:
    """Return the error for an outcome whose decision is not in the log."""
    return DecisionUnknownError(
        f"There is no decision '{outcome.decision_id}' in the log.",
        fix="Send the decision_id of the answer that was given for this contact.",
    )
