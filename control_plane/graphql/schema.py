"""The schema, which `docs/reference/schema.graphql` holds as text."""

from __future__ import annotations

from functools import cache

import strawberry
from graphql import GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import AddValidationRules
from strawberry.types.execution import ExecutionContext

from control_plane.graphql.account import Account
from control_plane.graphql.catalogue import Catalogue
from control_plane.graphql.limits import Limits
from control_plane.graphql.recommendations import Recommending
from control_plane.graphql.scalars import CONFIG
from control_plane.graphql.usage import Metering


@strawberry.type(description="What a tenant may read of its own. Nothing is changed here")
class Query(Account, Catalogue, Metering, Recommending):
    pass


class _Schema(strawberry.Schema):
    """Errors are logged where they are made answers of: there it is known which of them nobody foresaw."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        return None


@cache
def schema_of(most_cost: int, most_depth: int, *, introspection: bool = True) -> strawberry.Schema:
    """The schema under these limits."""
    more = [] if introspection else [lambda: AddValidationRules([NoSchemaIntrospectionCustomRule])]
    return _Schema(Query, config=CONFIG, extensions=[lambda: Limits(most_cost, most_depth), *more])


if __name__ == "__main__":
    print(schema_of(1, 1).as_str())
