"""All checks, one after the other; one that breaks is a finding too."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.doctor import access, decision_log, folder, installation, published, tracking
from pipelines.doctor.finding import Check, Finding, Grade, Looked, wrong

CHECKS: tuple[Check, ...] = (
    installation.python_version,
    installation.packages,
    installation.port,
    folder.writable,
    folder.room,
    folder.times,
    folder.permissions,
    folder.leftovers,
    access.keys,
    published.strategies,
    published.secret,
    published.kept_sets,
    published.model_set,
    published.plan,
    published.standings,
    decision_log.log,
    tracking.mlflow,
)


def examine(looked: Looked, *, checks: tuple[Check, ...] = CHECKS) -> Iterator[Finding]:
    """Yield what every check finds."""
    for check in checks:
        try:
            yield from check(looked)
        except Exception as error:  # a check that breaks must not hide the others
            yield wrong(
                check.__name__.replace("_", " "),
                f"This could not be looked at: {error!r}.",
                "Look at the file that the error names; its folder may not be readable.",
            )


def healthy(findings: list[Finding]) -> bool:
    """Return whether nothing is wrong."""
    return all(one.grade is not Grade.WRONG for one in findings)
