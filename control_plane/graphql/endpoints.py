"""The GraphQL route."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from strawberry.exceptions import StrawberryGraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from control_plane.auth import CurrentSettings, TenantReader
from control_plane.graphql.answers import answer_of
from control_plane.graphql.context import Context
from control_plane.graphql.schema import schema_of
from control_plane.graphql.schemas import GraphQLAnswer, GraphQLRequest
from recolake.web.bearer import BearerSecret
from recolake.web.problems import request_id_of

router = APIRouter(prefix="/v1/graphql", tags=["graphql"])


@router.post("", operation_id="graphql", response_model=GraphQLAnswer)
async def graphql(
    body: GraphQLRequest,
    request: Request,
    principal: TenantReader,
    secret: BearerSecret,
    settings: CurrentSettings,
) -> Any:
    """Read several things at once, and of each no more than is needed. Queries alone, no mutations.

    Each field asks for the permission of its REST route. 200 also where a field was refused: `errors` says
    which, with the code that the REST route would have answered with; the fields beside it are there.
    """
    schema = schema_of(
        settings.graphql_most_cost, settings.graphql_most_depth, introspection=settings.graphql_introspection
    )
    context = Context(settings, principal, secret, body.operation_name)
    try:
        result = await schema.execute(
            body.query,
            variable_values=body.variables,
            operation_name=body.operation_name,
            context_value=context,
            allowed_operation_types=[OperationType.QUERY],
        )
    except InvalidOperationTypeError:
        result = _refused("Queries alone are answered here: change things over REST.")
    except CannotGetOperationTypeError:
        result = _refused("`operationName` must name one operation of the document.")
    finally:
        context.close()
    return JSONResponse(answer_of(result, request_id_of(request)))


def _refused(message: str) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[StrawberryGraphQLError(message)])
