"""Errors that only the control plane raises."""

from __future__ import annotations

from recolake.errors import InvalidInputError, RecolakeError


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
