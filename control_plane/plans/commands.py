"""`recolake plan …`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

plan = typer.Typer(no_args_is_help=True, help="Plans: quotas, rate limits and prices.")


@plan.command("put")
def _put(
    plan_id: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens")],
    terms: Annotated[
        list[str] | None,
        typer.Argument(help="such as monthly_fee=4900 requests=100000 key_rate=50 key_burst=100"),
    ] = None,
    title: Annotated[str, typer.Option(help="What people call it")] = "",
) -> None:
    """Make a plan, or give it new terms for those who subscribe from now on."""
    from pydantic import ValidationError

    from control_plane.plans import service
    from control_plane.plans.schemas import PlanTerms
    from recolake.errors import InvalidInputError
    from recolake.settings import load_settings

    try:
        chosen = PlanTerms.model_validate(dict(each.partition("=")[::2] for each in terms or []))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "terms"
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInputError(
            f"{name}: {reason}.", hint=f"Terms: {', '.join(PlanTerms.model_fields)}.", field=name
        ) from error
    service.put_plan(load_settings(), plan_id, title or plan_id, chosen)
    typer.echo(f"Plan {plan_id} is there: {chosen.model_dump_json(exclude_none=True)}")


@plan.command("list")
def _list() -> None:
    """Every plan with its terms."""
    from control_plane.plans import service
    from recolake.settings import load_settings

    for each in service.list_plans(load_settings()):
        terms = each.model_dump_json(exclude={"plan_id", "title"}, exclude_none=True)
        typer.echo(f"{each.plan_id}\t{each.title}\t{terms}")


@plan.command("assign")
def _assign(
    plan_id: Annotated[str, typer.Argument(help="Id, as in `plan list`")],
    tenant: Annotated[str, typer.Option(help="Name of the tenant")],
    begins: Annotated[
        datetime | None, typer.Option("--from", help="UTC; default: at once", formats=["%Y-%m-%dT%H:%M:%S"])
    ] = None,
) -> None:
    """Give a tenant a plan; the one before it ends then, and the invoice is prorated to the second."""
    from datetime import UTC

    from control_plane.plans import service
    from recolake.settings import load_settings
    from recolake.tenancy.context import Tenant

    moment = begins.replace(tzinfo=UTC) if begins else None
    row = service.subscribe(load_settings(), Tenant(tenant), plan_id, moment)
    typer.echo(f"Tenant {tenant} has plan {plan_id} from {row.valid_from:%Y-%m-%dT%H:%M:%SZ} on.")
