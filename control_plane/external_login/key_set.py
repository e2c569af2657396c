"""The provider's keys, kept for an hour. One that is unknown may be new, or an invention: so the provider is
asked anew, though not more than twice a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from control_plane.bounded import Deadline
from control_plane.external_login.errors import LoginProviderError
from control_plane.external_login.id_token import Key

FRESH_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 30.0


class KeySet:
    """A set of keys, and when it was read.

    Args:
        read: gives the keys as they are now.
        clock: seconds that only grow.
    """

    def __init__(self, read: Callable[[Deadline], Sequence[Key]], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[float, Sequence[Key]] | None = None

    def known(self, deadline: Deadline) -> Sequence[Key]:
        """The keys as they were within the last hour.

        Raises:
            LoginProviderError: they cannot be had.
        """
        held = self._held
        if held is None or self._clock() - held[0] > FRESH_SECONDS:
            return self.newer(deadline)
        return held[1]

    def newer(self, deadline: Deadline) -> Sequence[Key]:
        """The keys as they are now, or were half a minute ago.

        Raises:
            LoginProviderError: they cannot be had.
        """
        with self._lock:
            held, now = self._held, self._clock()
            if held is not None and now - held[0] < _LOOK_AGAIN_SECONDS:
                return held[1]
            if held is not None:
                # Whoever comes meanwhile has the old ones, and does not look, too.
                self._held = now, held[1]
        try:
            found = self._read(deadline)
        except LoginProviderError:
            self._held = held
            raise
        self._held = now, found
        return found
