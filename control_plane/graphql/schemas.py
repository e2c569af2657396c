"""Bodies of the GraphQL route."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class GraphQLRequest(BaseModel):
    """A query, as GraphQL clients send it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    query: str = Field(min_length=1, max_length=20_000, description="A document of queries")
    variables: dict[str, Any] | None = None
    operation_name: str | None = Field(
        default=None, alias="operationName", description="Which operation, where there are several"
    )
    extensions: dict[str, Any] | None = Field(default=None, description="What some clients send; unused")


class GraphQLError(BaseModel):
    """What went wrong, and where in the query."""

    message: str
    locations: list[dict[str, int]] | None = None
    path: list[str | int] | None = None
    extensions: dict[str, Any] = Field(description="`code`, `request_id`, and `hint`, `field`, `status`")


class GraphQLAnswer(BaseModel):
    """What could be read, and what could not."""

    data: dict[str, Any] | None = Field(description="Null where nothing was run")
    errors: list[GraphQLError] | None = None
    extensions: dict[str, Any] | None = Field(default=None, description="`limits`: what the query cost")
