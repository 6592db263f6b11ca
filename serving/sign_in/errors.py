"""The expected failures of a sign-in."""

from __future__ import annotations

from serving.errors import ServingError


class SignInFileError(ServingError):
    """HOME/sign_in.toml cannot be read, says what cannot be meant, or needs an extra."""


class SignInRefusedError(ServingError):
    """What came back from the provider is not the answer to a sign-in begun here."""

    status = 400


class NoRoleError(ServingError):
    """Whoever signed in has none of the groups that may see anything here."""

    status = 403


class ProviderUnreachableError(ServingError):
    """The provider does not answer, or not as OpenID Connect wants it."""

    status = 503
