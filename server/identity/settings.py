"""Settings for admins: people, departments and teams, the workspace."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.identity import actions, letters
from server.identity.access import get_invitation, get_team, get_user, may_give
from server.identity.forms import ZONES, parse_emails, parse_name, parse_profile, parse_role
from server.identity.queries import (
    get_workspace,
    list_people,
    list_teams,
    memberships,
    open_invitations,
)
from server.kit.about import to_id
from server.kit.access import ROLES, Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast


async def people(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    return await settings_page(
        request,
        tx,
        who,
        "identity/people.html",
        heads=heads,
        people=await list_people(tx, who, active=False),
        teams=await list_teams(tx, who),
        memberships=await memberships(tx, who),
        invitations=await open_invitations(tx, who),
        roles=[role for role in ROLES if may_give(who, role)],
    )


async def invite(request: Request, tx: Tx, who: Principal) -> Answer:
    """Links to copy; with a mail server they are sent as well (a job after the commit)."""
    form = request.state.form
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins invite people"))
    emails = parse_emails("emails", field(form, "emails"))
    if not emails:
        raise Invalid(emails=_("This is no e-mail address"))
    role = parse_role(field(form, "role") or "member")
    team = await get_team(tx, who, to_id(field(form, "team"))) if field(form, "team") else None
    settings, mailed = request.app.state.settings, request.app.state.services.mailer.is_real
    place = await get_workspace(tx, who)
    links = {}
    for email in emails[:50]:
        token = await actions.invite(tx, who, email, role, team.id if team else None, settings.secret)
        links[email] = f"{shown_base(request)}/join/{token}"
        if mailed:
            letters.invite_by_letter(tx, who.name, place, email, f"{settings.url}/join/{token}")
    return HTMLResponse(render("identity/_links.html", links=links, mailed=mailed), 201)


def shown_base(request: Request) -> str:
    """For links to copy. Letters carry the configured address only: a forged Host must not reach them."""
    settings = request.app.state.settings
    return settings.url if settings.base_url else str(request.base_url).rstrip("/")


async def withdraw(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.withdraw_invitation(tx, who, await get_invitation(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def change_role(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    role, old = parse_role(field(request.state.form, "value")), user.role
    await actions.change_role(tx, who, user, role)
    if role != old and request.app.state.services.mailer.is_real:
        letters.tell_of_role(tx, who.name, user, await get_workspace(tx, who))
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def deactivate(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    await actions.deactivate_user(tx, who, user)
    return toast(
        Response(status_code=200, headers={"HX-Refresh": "true"}),
        _("%(name)s is signed out and stays out") % {"name": user.name},
    )


async def reactivate(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    await actions.reactivate_user(tx, who, user)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def reset_link(request: Request, tx: Tx, who: Principal) -> Answer:
    """For a colleague who forgot the password: a link to copy, and by mail when a server is set."""
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    settings, mailed = request.app.state.settings, request.app.state.services.mailer.is_real
    token = actions.start_reset(tx, user, settings.secret)
    if mailed:
        letters.reset_by_letter(tx, user, await get_workspace(tx, who), f"{settings.url}/reset/{token}")
    links = {user.email: f"{shown_base(request)}/reset/{token}"}
    return HTMLResponse(render("identity/_links.html", links=links, mailed=mailed), 201)


async def teams(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    found = await memberships(tx, who)
    inside = {(team.id, user) for user, joined in found.items() for team in joined}
    return await settings_page(
        request,
        tx,
        who,
        "identity/teams.html",
        heads=heads,
        teams=await list_teams(tx, who),
        people=await list_people(tx, who),
        inside=inside,
    )


async def create_team(request: Request, tx: Tx, who: Principal) -> Answer:
    _admins_only(who)
    form = request.state.form
    await actions.create_team(tx, who, parse_name(field(form, "name")), is_department=field(form, "department") == "1")
    return Response(status_code=201, headers={"HX-Refresh": "true"})


async def remove_team(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_team(tx, who, await get_team(tx, who, request.path_params["id"], to="edit"))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def join_team(request: Request, tx: Tx, who: Principal) -> Answer:
    team = await get_team(tx, who, request.path_params["id"], to="edit")
    user = await get_user(tx, who, request.path_params["user"])
    await actions.join_team(tx, who, team.id, user.id)
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def leave_team(request: Request, tx: Tx, who: Principal) -> Answer:
    team = await get_team(tx, who, request.path_params["id"], to="edit")
    await actions.leave_team(tx, who, team.id, request.path_params["user"])
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def workspace(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    place = await get_workspace(tx, who)
    return await settings_page(
        request, tx, who, "identity/workspace.html", heads=heads, workspace=place, zones=sorted(ZONES)
    )


async def change_workspace(request: Request, tx: Tx, who: Principal) -> Answer:
    _admins_only(who)
    name = request.path_params["field"]
    place = await get_workspace(tx, who)
    await actions.change_workspace(tx, who, place, name, parse_profile(name, field(request.state.form, "value")))
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


def _admins_only(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change this"))


routes = [
    route("GET", "/settings/people", people),
    route("POST", "/settings/invitations", invite),
    route("DELETE", "/settings/invitations/{id:int}", withdraw),
    route("PUT", "/settings/people/{id:int}/role", change_role),
    route("DELETE", "/settings/people/{id:int}", deactivate),
    route("PUT", "/settings/people/{id:int}", reactivate),
    route("POST", "/settings/people/{id:int}/reset", reset_link),
    route("GET", "/settings/teams", teams),
    route("POST", "/settings/teams", create_team),
    route("DELETE", "/settings/teams/{id:int}", remove_team),
    route("PUT", "/settings/teams/{id:int}/members/{user:int}", join_team),
    route("DELETE", "/settings/teams/{id:int}/members/{user:int}", leave_team),
    route("GET", "/settings/workspace", workspace),
    route("PUT", "/settings/workspace/{field}", change_workspace),
]
