"""What can go wrong between here and the other provider."""

from __future__ import annotations

from recolake.errors import ForbiddenError, RecolakeError, UnauthenticatedError


class LoginProviderError(RecolakeError):
    """The other provider is away, too slow, answers nonsense, or is not set up for this platform."""

    code = "login_provider_failed"
    status = 502


class ExternalLoginOverError(RecolakeError):
    """A browser came back from the provider that was not sent there, or not by this login, or too late."""

    code = "external_login_over"
    status = 400


class ExternalLoginRefusedError(UnauthenticatedError):
    """The provider let nobody in, or what came back does not prove who it is."""

    code = "external_login_refused"


class NotConnectedError(ForbiddenError):
    """An account with the same e-mail address exists, and nothing shows that it is this person's."""

    code = "account_not_connected"
