"""The baseline's application: one FastAPI route that reads a JSON body and answers a list as long as ours."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel


class Question(BaseModel):
    """What our route is asked."""

    user_id: str
    k: int


class Item(BaseModel):
    """What our route says of an item, in short."""

    item_id: str
    score: float


class Answer(BaseModel):
    """A list of `k` items."""

    items: list[Item]


def create_app() -> FastAPI:
    """No authentication, no limits, no log, no model, no usage record."""
    app = FastAPI(title="A plain route")

    @app.post("/plain")
    async def plain(question: Question) -> Answer:
        return Answer(items=[Item(item_id=f"item-{n}", score=1 / (n + 1)) for n in range(question.k)])

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
