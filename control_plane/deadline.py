"""Connections to PostgreSQL on which nobody waits for ever: a peer may be half-open and never say a word."""

from __future__ import annotations

from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from sqlalchemy import Engine, event

T = TypeVar("T")


def hold_deadline(engine: Engine, seconds: float) -> None:
    """Have every statement on the engine's connections end within some seconds.

    A connection whose time is over is closed, as nobody knows what it would say next; to its user it is an
    `OperationalError`, as if the server had gone.
    """

    class Hurried(Connection[TupleRow]):
        def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
            try:
                return super().wait(gen, interval=interval, timeout=timeout or seconds)
            except OperationalError:
                if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                    self.pgconn.finish()
                raise

    @event.listens_for(engine, "do_connect")
    def connect(_: Any, __: Any, positional: Any, named: Any) -> Connection[TupleRow]:
        return Hurried.connect(*positional, **named)
