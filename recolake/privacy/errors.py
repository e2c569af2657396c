"""What is said of something that went with an erased person."""

from __future__ import annotations

from recolake.errors import RecolakeError


class ErasedError(RecolakeError):
    """It held somebody who was erased, so it is no more; nothing brings it back."""

    code = "erased"
    status = 410
