"""What a query would cost and how deep it goes, told before anything of it is run.

    cost(field) = r + n * (1 + sum of cost(its fields)), or r where it has none
    cost(query) = sum of cost(its fields)

`r` is 50 for what the recommendation API is asked, 10 for the other fields of the query itself, which are a
read each, and 0 below. `n` is 1, or, of a list, how many it may hold: the `limit` or `k` that it or the field
around it was asked with, else 20. So the cost is about the number of objects in the answer, and of reads.
Depth counts fields within fields. What is asked about the schema itself costs nothing: graphql-core's own
rule bounds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_named_type,
)
from strawberry.extensions import SchemaExtension

from recolake.errors import InvalidInputError

LIST_LENGTH = 20
"""Assumed of a list that takes no size."""
REMOTE = frozenset({"recommendations", "receipt", "replay"})
REMOTE_READ = 50
READ = 10
MOST_TOKENS = 2_000
_SIZES = ("limit", "k")


class QueryTooDeepError(InvalidInputError):
    """Fields lie within fields further than is let through; nothing was run."""

    code = "query_too_deep"


class QueryTooCostlyError(InvalidInputError):
    """The answer might be larger than is let through; nothing was run."""

    code = "query_too_costly"


@dataclass(frozen=True, slots=True)
class Measure:
    """What a query comes to."""

    cost: int
    depth: int

    def require(self, most_cost: int, most_depth: int) -> None:
        """Go on only within both.

        Raises:
            QueryTooDeepError, QueryTooCostlyError: it is beyond one of them.
        """
        if self.depth > most_depth:
            raise QueryTooDeepError(
                f"The query is {self.depth} fields deep, and {most_depth} are let through.",
                hint="Ask for what lies deeper in a query of its own.",
            )
        if self.cost > most_cost:
            raise QueryTooCostlyError(
                f"The query costs {self.cost}, and {most_cost} is let through.",
                hint="Ask for smaller pages by `limit`, or in several queries.",
            )


@dataclass(slots=True)
class _Measuring:
    """One operation. Fragments are measured once for each size they are used with, however often they are."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[tuple[str, int | None], Measure] = field(default_factory=dict)

    def of(self, selections: SelectionSetNode, parent: GraphQLObjectType, around: int | None) -> Measure:
        parts = [self._part(node, parent, around) for node in selections.selections]
        return Measure(sum(p.cost for p in parts), max((p.depth for p in parts), default=0))

    def _part(self, node: Any, parent: GraphQLObjectType, around: int | None) -> Measure:
        if isinstance(node, FieldNode):
            return self._field(node, parent, around)
        if not isinstance(node, FragmentSpreadNode):
            # There are neither interfaces nor unions, so a fragment is always on the type around it.
            return self.of(node.selection_set, parent, around)
        key = (node.name.value, around)
        if key not in self.known:
            self.known[key] = self.of(self.fragments[key[0]].selection_set, parent, around)
        return self.known[key]

    def _field(self, node: FieldNode, parent: GraphQLObjectType, around: int | None) -> Measure:
        definition = parent.fields.get(node.name.value)
        if definition is None:
            return Measure(0, 0)  # `__typename`, `__schema`, `__type`
        kind = get_named_type(definition.type)
        read = self._read(node, parent)
        if node.selection_set is None or not isinstance(kind, GraphQLObjectType):
            return Measure(read, 1)
        asked = _size(definition, node, self.variables)
        inner = self.of(node.selection_set, kind, asked)
        count = (asked or around or LIST_LENGTH) if _is_list(definition) else 1
        return Measure(read + count * (1 + inner.cost), 1 + inner.depth)

    def _read(self, node: FieldNode, parent: GraphQLObjectType) -> int:
        if parent is not self.schema.query_type:
            return 0
        return REMOTE_READ if node.name.value in REMOTE else READ


def measure(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> Measure:
    """What the named operation of a valid document, or its only one, comes to.

    Raises:
        GraphQLError: there are several, and none is named.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    assert schema.query_type is not None
    asked = [
        each
        for each in _operations(document)
        if operation_name is None or (each.name and each.name.value == operation_name)
    ]
    if len(asked) != 1:
        message = "`operationName` must name one operation of the document."
        raise GraphQLError(message)
    return _Measuring(schema, fragments, variables).of(asked[0].selection_set, schema.query_type, None)


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (d for d in document.definitions if isinstance(d, OperationDefinitionNode))


def _size(definition: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
    """What an argument says about how many there may be; None where there is none, or it is none."""
    try:
        given = get_argument_values(definition, node, dict(variables))
    except GraphQLError:
        return None  # It is refused when it is run.
    return next((size for name in _SIZES if isinstance(size := given.get(name), int) and size > 0), None)


def _is_list(definition: GraphQLField) -> bool:
    kind: object = definition.type
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


class Limits(SchemaExtension):
    """Refuses a query before it is run, and tells in the answer's `extensions` what it cost."""

    def __init__(self, most_cost: int, most_depth: int) -> None:
        self.most_cost, self.most_depth = most_cost, most_depth
        self.found: Measure | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        document, schema = context.graphql_document, context.schema._schema
        assert document is not None
        # The context's own name of the operation is the first one's where none was given.
        asked = context.context.operation_name
        self.found = measure(schema, document, asked, context.variables or {})
        self.found.require(self.most_cost, self.most_depth)
        yield

    def get_results(self) -> dict[str, Any]:
        if self.found is None:
            return {}
        told = {"cost": self.found.cost, "most_cost": self.most_cost}
        return {"limits": told | {"depth": self.found.depth, "most_depth": self.most_depth}}
