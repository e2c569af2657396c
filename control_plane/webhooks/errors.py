"""Errors of webhooks."""

from __future__ import annotations

from recolake.errors import InvalidInputError, RecolakeError


class WebhookAddressError(InvalidInputError):
    """The platform does not send to this address: it would reach what is not on the public internet."""

    code = "webhook_address_refused"


class TooManyWebhooksError(RecolakeError):
    """A tenant has as many endpoints as there may be."""

    code = "too_many_webhooks"
    status = 409
