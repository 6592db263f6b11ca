"""The expected failures of this package: each names a fact and the fix, and has a status."""

from __future__ import annotations


class ServingError(Exception):
    """An expected failure: `fact` is what is wrong, `fix` is what to do about it."""

    status = 422

    def __init__(self, fact: str, *, fix: str) -> None:
        super().__init__(f"{fact} {fix}")
        self.fact = fact
        self.fix = fix


class SettingsError(ServingError):
    """A setting has a value that cannot work."""


class KeysRequiredError(ServingError):
    """The server would listen to other machines without asking for a key."""


class KeysFileError(ServingError):
    """The keys file cannot be read or does not have its declared form."""


class LogUnavailableError(ServingError):
    """The decision log cannot be written now, so nothing may be acknowledged as stored."""

    status = 503


class DecisionUnknownError(ServingError):
    """An outcome names a decision that was never logged."""

    status = 404


class OutcomeConflictError(ServingError):
    """An outcome of the same decision and offer is stored already, and it says otherwise."""

    status = 409


class ModelSetUnusableError(ServingError):
    """The promoted model set cannot be loaded."""

    status = 503
