"""What is promised, to whom and by which hours: /settings/sla, for admins."""

from starlette.requests import Request
from starlette.responses import Response

from server.cases.access import get_case
from server.cases.models import PRIORITIES
from server.identity.queries import get_workspace, list_teams
from server.kit.about import parse_about, to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.hours import DAYS, hours_text, parse_hours
from server.kit.pages import render
from server.kit.web import Answer, field, page_heads, route, settings_page
from server.sla import actions
from server.sla.access import get_calendar, get_policy, must_be_admin, visible_policies
from server.sla.forms import CalendarDraft, PolicyDraft, holidays_text, span_text
from server.sla.models import KINDS, SlaPolicy
from server.sla.queries import list_calendars, promises_of


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    policies = visible_policies(who).order_by(SlaPolicy.place, SlaPolicy.id)
    return await settings_page(
        request,
        tx,
        who,
        "sla/settings.html",
        heads=await page_heads(tx, who),
        policies=list(await tx.scalars(policies)),
        calendars=await list_calendars(tx, who),
        teams=await list_teams(tx, who),
        workspace=await get_workspace(tx, who),
        priorities=PRIORITIES[::-1],
        kinds=KINDS,
        days=DAYS,
        hours_text=hours_text,
        holidays_text=holidays_text,
        span_text=span_text,
    )


def _calendar(request: Request) -> CalendarDraft:
    form = request.state.form
    week = parse_hours({day: field(form, day, 100) for day in DAYS})
    return CalendarDraft(field(form, "name", 200), week, field(form, "zone", 60), field(form, "holidays", 40_000))


def _policy(request: Request) -> PolicyDraft:
    form = request.state.form
    team, escalate = field(form, "team", 20), field(form, "escalate_team", 20)
    names = [f"{priority}-{kind}" for priority in PRIORITIES for kind in KINDS]
    return PolicyDraft(
        field(form, "name", 200),
        to_id(field(form, "calendar", 20) or "0") if field(form, "calendar", 20) else 0,
        field(form, "tag", 100),
        to_id(team) if team else None,
        {name: field(form, name, 20) for name in names},
        field(form, "warn", 10),
        to_id(escalate) if escalate else None,
        field(form, "raises", 5) == "1",
    )


def _again(status: int = 200) -> Response:
    return Response(status_code=status, headers={"HX-Refresh": "true"})


async def create_calendar(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    await actions.create_calendar(tx, who, _calendar(request))
    return _again(201)


async def change_calendar(request: Request, tx: Tx, who: Principal) -> Answer:
    calendar = await get_calendar(tx, who, request.path_params["id"])
    await actions.change_calendar(tx, who, calendar, _calendar(request))
    return _again()


async def remove_calendar(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_calendar(tx, who, await get_calendar(tx, who, request.path_params["id"]))
    return _again()


async def create_policy(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    await actions.create_policy(tx, who, _policy(request))
    return _again(201)


async def change_policy(request: Request, tx: Tx, who: Principal) -> Answer:
    policy = await get_policy(tx, who, request.path_params["id"])
    await actions.change_policy(tx, who, policy, _policy(request))
    return _again()


async def move_policy_up(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.move_policy_up(tx, who, await get_policy(tx, who, request.path_params["id"]))
    return _again()


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    """The promises of a case, by themselves."""
    kind, number = parse_about(request.query_params.get("about"))
    case = await get_case(tx, who, number if kind == "case" else 0)
    return render("sla/_promises.html", **await promises_of(tx, who, case.ref))


async def remove_policy(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_policy(tx, who, await get_policy(tx, who, request.path_params["id"]))
    return _again()


PAGE, ONE = "/settings/sla", "/settings/sla/policies/{id:int}"
routes = [
    route("GET", "/panels/promises", panel),
    route("GET", PAGE, index),
    route("POST", f"{PAGE}/calendars", create_calendar),
    route("PUT", f"{PAGE}/calendars/{{id:int}}", change_calendar),
    route("DELETE", f"{PAGE}/calendars/{{id:int}}", remove_calendar),
    route("POST", f"{PAGE}/policies", create_policy),
    route("PUT", ONE, change_policy),
    route("PUT", f"{ONE}/place", move_policy_up),
    route("DELETE", ONE, remove_policy),
]
