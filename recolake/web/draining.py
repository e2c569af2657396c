"""How a worker says good-bye: no request that a client may rightly send goes unanswered."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class DrainingProtocol(HttpToolsProtocol):
    """A connection that is not cut while a client may still use it.

    uvicorn closes idle connections the moment it stops; a request that is on its way then is lost. Here an
    idle one still gets an answer, with `Connection: close` (RFC 9112, section 9.6), after which the client
    goes elsewhere. One that stays idle is closed when its time is over, as it would have been anyway.
    """

    _leaving = False

    def shutdown(self) -> None:
        """The server stops: the next answer on this connection is its last."""
        self._leaving = True
        if self.cycle is None:
            # Nothing was asked yet, so nothing counts its idle time.
            self.loop.call_later(self.timeout_keep_alive, self._close_unasked)
        elif not self.cycle.response_complete:
            super().shutdown()

    def on_headers_complete(self) -> None:
        """A request has come; its answer is made later, and says then whether the connection goes on."""
        super().on_headers_complete()
        if self._leaving and self.cycle is not None:
            self.cycle.keep_alive = False

    def _close_unasked(self) -> None:
        if self.cycle is None:
            self.timeout_keep_alive_handler()
