"""Routes of scenarios: named bundles of a kind, rules and defaults that requests refer to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from control_plane.auth import CurrentSettings, ScenarioReader, ScenarioWriter
from control_plane.scenarios import service
from control_plane.scenarios.schemas import ScenarioList, ScenarioPut, ScenarioRead
from recolake.scenarios.document import NAME
from recolake.web.described import problems

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])

Name = Annotated[str, Path(pattern=NAME, description="Lower-case letters, digits, - and _")]


@router.get("", operation_id="list_scenarios")
def list_scenarios(holder: ScenarioReader, settings: CurrentSettings) -> ScenarioList:
    """The live version of every scenario, by name."""
    return service.listed(settings, holder.tenant)


@router.put("/{name}", operation_id="put_scenario", responses={201: {"model": ScenarioRead}, **problems(409)})
def put_scenario(
    name: Name, body: ScenarioPut, holder: ScenarioWriter, settings: CurrentSettings, response: Response
) -> ScenarioRead:
    """Make this the scenario from now on; serving follows within about a second.

    201: it is a new version. 200: it is what was live already. 422: it would not work: a condition cannot be
    understood or asks for an attribute that no item of the served model has, or a field is not one of the
    kind. 409: it asks for attributes of items and no model is served. Nothing changes then.
    """
    found, new = service.put(settings, holder.tenant, name, body)
    response.status_code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
    return found


@router.get("/{name}", operation_id="read_scenario")
def read_scenario(
    name: Name,
    holder: ScenarioReader,
    settings: CurrentSettings,
    version: Annotated[int | None, Query(ge=1, description="Any version; default: the live one")] = None,
) -> ScenarioRead:
    """A scenario, or one of its versions, also of one that was deleted."""
    return service.read(settings, holder.tenant, name, version)


@router.get("/{name}/versions", operation_id="list_scenario_versions")
def list_versions(name: Name, holder: ScenarioReader, settings: CurrentSettings) -> ScenarioList:
    """Every version that there ever was, newest first."""
    return service.versions(settings, holder.tenant, name)


@router.delete("/{name}", operation_id="delete_scenario", status_code=status.HTTP_204_NO_CONTENT)
def delete_scenario(name: Name, holder: ScenarioWriter, settings: CurrentSettings) -> None:
    """Requests that name it are refused within about a second. Its versions stay readable."""
    service.delete(settings, holder.tenant, name)
