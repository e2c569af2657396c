"""Errors that only the control plane raises."""

from __future__ import annotations

from datetime import timedelta

from recolake.errors import ForbiddenError, InvalidInputError, RecolakeError, UnauthenticatedError


class TenantExistsError(RecolakeError):
    """The name is taken."""

    code = "tenant_exists"
    status = 409


class ExperimentUnreadableError(RecolakeError):
    """The document of an experiment is damaged; serving gives everybody the champion meanwhile."""

    code = "invalid_experiment"


class DamagedScenarioError(RecolakeError):
    """The document of a scenario is damaged; serving goes on with what it has read before."""

    code = "invalid_scenario"


class PayloadTooLargeError(InvalidInputError):
    """The request's body is larger than this service takes."""

    code = "payload_too_large"
    status = 413


class PersonExistsError(RecolakeError):
    """The address is taken."""

    code = "person_exists"
    status = 409


class SignUpClosedError(ForbiddenError):
    """This platform takes people by invitation alone."""

    code = "sign_up_closed"


class PasswordLoginOffError(ForbiddenError):
    """People log in to this platform at another provider, and not with a password."""

    code = "password_login_off"


class NoPasswordError(RecolakeError):
    """The account has no password: its person logs in at another provider."""

    code = "no_password"
    status = 409


class WrongPasswordError(UnauthenticatedError):
    """The address or the password is wrong; which of the two is not told."""

    code = "wrong_password"


class TooManyAttemptsError(RecolakeError):
    """So many attempts failed that none is looked at before `retry_after` is over."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(
            "Too many attempts; none is looked at for a while.", hint="Wait as long as Retry-After says."
        )
        self.retry_after = retry_after.total_seconds()


class SeatsTakenError(RecolakeError):
    """The plan's seats are taken: by members who are let in, and by open invitations."""

    code = "seats_taken"
    status = 409

    def __init__(self, seats: int) -> None:
        super().__init__(
            f"The plan has {seats} seats, and no one is free.",
            hint="Disable a member, revoke an invitation, or take a larger plan.",
        )


class LastOwnerError(RecolakeError):
    """An organisation always keeps an owner."""

    code = "last_owner"
    status = 409


class InvitationGoneError(RecolakeError):
    """The invitation was used, revoked, or is too old."""

    code = "invitation_gone"
    status = 410


class KeyOverError(RecolakeError):
    """The key is revoked, expired or rotated already."""

    code = "key_over"
    status = 409


class TenantGoneError(RecolakeError):
    """The tenant's data is being erased, or is; nothing brings it back."""

    code = "tenant_gone"
    status = 410
