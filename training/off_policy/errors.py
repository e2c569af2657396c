"""What can be wrong with a log or with a policy."""

from __future__ import annotations

from recolake.errors import InvalidInputError
from training.files.events import EvaluationFileError


class BanditLogError(EvaluationFileError):
    """A log cannot be used for off-policy evaluation; the message names the row and what is wrong."""

    code = "invalid_bandit_log"


class PolicyError(InvalidInputError):
    """The policy to evaluate is no probability distribution, or says nothing of a situation in the log."""

    code = "invalid_policy"


class NoSupportError(PolicyError):
    """The log holds nothing of what the policy does, so nothing can be said of its value."""

    code = "policy_without_support"
