"""Several processes of one server: a worker that dies is replaced at once, also while it is being asked."""

from __future__ import annotations

from uvicorn.supervisors import Multiprocess


class Workers(Multiprocess):
    """uvicorn's supervisor, which is told when a worker dies in the middle of a health check.

    It asks over a pipe whose other end it holds, too. So a worker that is killed before it says that it lives
    would not end the wait: the whole time that a worker may take to answer would pass without another one.
    """

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that are dead, or that do not say that they live."""
        for worker in self.processes:
            worker.child_conn.close()
        super().keep_subprocess_alive()
