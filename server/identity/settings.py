"""Settings pages: one's own profile and devices, and for admins people, teams and the workspace."""

import io

import anyio
from PIL import Image, UnidentifiedImageError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.identity import actions
from server.identity.access import get_invitation, get_team, get_token, get_user, may_give
from server.identity.forms import THEMES, ZONES, parse_emails, parse_name, parse_profile, parse_role
from server.identity.passwords import check_password
from server.identity.queries import (
    get_workspace,
    list_people,
    list_sessions,
    list_teams,
    list_tokens,
    memberships,
    open_invitations,
)
from server.kit.about import to_id
from server.kit.access import ROLES, Principal
from server.kit.db import Database, Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.pages import render
from server.kit.text import _, speaking
from server.kit.web import Answer, field, open_route, page_heads, route, settings_page, toast

PICTURE = 256  # pixels each way
PICTURE_BYTES = 10 * 1024 * 1024
Image.MAX_IMAGE_PIXELS = 40_000_000


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    return RedirectResponse("/settings/profile", 303)


async def profile(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    user = await get_user(tx, who, who.user_id or 0)
    return await settings_page(
        request,
        tx,
        who,
        "identity/profile.html",
        heads=heads,
        user=user,
        zones=sorted(ZONES),
        themes=THEMES,
        sessions=await list_sessions(tx, who),
        tokens=await list_tokens(tx, who),
    )


async def change_profile(request: Request, tx: Tx, who: Principal) -> Answer:
    """PUT /settings/profile/{field}; language, zone and theme show at the next page."""
    name, form = request.path_params["field"], request.state.form
    user = await get_user(tx, who, who.user_id or 0)
    await actions.change_profile(tx, who, user, name, parse_profile(name, field(form, "value") or field(form, name)))
    with speaking(user.language):
        response = toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))
    if name == "language":
        response.headers["HX-Refresh"] = "true"
    return response


async def upload_picture(request: Request, database: Database) -> Answer:
    """Re-encoded outside any transaction: no metadata, no scripts, one size."""
    upload = request.state.form.get("picture")
    async with database.transaction(read=True) as tx:
        who = await request.app.state.authenticate(request, tx)
    if who is None or who.user_id is None:
        return RedirectResponse("/signin", 303)
    if not isinstance(upload, UploadFile) or (upload.size or 0) > PICTURE_BYTES:
        raise Invalid(picture=_("A picture of at most 10 MB is needed"))
    encoded = await anyio.to_thread.run_sync(_shrink, await upload.read())

    async def chunks():  # type: ignore[no-untyped-def]
        yield encoded

    files = request.app.state.services.files
    key, _size, _kind = await files.write(chunks())
    async with database.transaction() as tx:
        user = await get_user(tx, who, who.user_id)
        old = user.picture
        await actions.change_profile(tx, who, user, "picture", key)
    if old:
        await files.remove(old)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


def _shrink(raw: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            square = min(image.size)
            left, top = (image.width - square) // 2, (image.height - square) // 2
            small = image.convert("RGB").crop((left, top, left + square, top + square)).resize((PICTURE, PICTURE))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid(picture=_("This is no picture we can read")) from error
    out = io.BytesIO()
    small.save(out, "WEBP", quality=82)
    return out.getvalue()


async def change_password(request: Request, database: Database) -> Answer:
    """Asks for the old one; every other device is signed out."""
    form = request.state.form
    async with database.transaction(read=True) as tx:
        who = await request.app.state.authenticate(request, tx)
        user = await get_user(tx, who, who.user_id or 0) if who else None
    if who is None or user is None:
        return RedirectResponse("/signin", 303)
    await request.app.state.throttle.hit(f"change {user.id}", "")
    with speaking(who.language):
        passwords = request.app.state.passwords
        if not await passwords.is_right(user.password_hash, field(form, "old")):
            raise Invalid(old=_("This is not your password"))
        hashed = await passwords.hash(check_password(field(form, "password")))
        async with database.transaction() as tx:
            user = await get_user(tx, who, who.user_id or 0)
            await actions.change_password(tx, who, user, hashed, keep=who.session_id)
        return toast(HTMLResponse("", 200, {"HX-Refresh": "true"}), _("Your password is changed"))


async def end_session(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, who.user_id or 0)
    await actions.end_sessions(tx, who, user, only=request.path_params["id"])
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def end_other_sessions(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, who.user_id or 0)
    await actions.end_sessions(tx, who, user, keep=who.session_id)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def create_token(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, who.user_id or 0)
    name = parse_name(field(request.state.form, "name"))
    token = await actions.create_token(tx, user, name, request.app.state.settings.secret)
    return HTMLResponse(render("identity/_token.html", token=token), 201)


async def revoke_token(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.revoke_token(tx, who, await get_token(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


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
    emails = parse_emails(field(form, "emails"))
    if not emails:
        raise Invalid(emails=_("This is no e-mail address"))
    role = parse_role(field(form, "role") or "member")
    team = await get_team(tx, who, to_id(field(form, "team"))) if field(form, "team") else None
    settings = request.app.state.settings
    links = {}
    for email in emails[:50]:
        token = await actions.invite(tx, who, email, role, team.id if team else None, settings.secret)
        links[email] = f"{settings.url if settings.base_url else str(request.base_url).rstrip('/')}/join/{token}"
    return HTMLResponse(render("identity/_links.html", links=links), 201)


async def withdraw(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.withdraw_invitation(tx, who, await get_invitation(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def change_role(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    await actions.change_role(tx, who, user, parse_role(field(request.state.form, "value")))
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def deactivate(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    await actions.deactivate_user(tx, who, user)
    return toast(Response(status_code=200, headers={"HX-Refresh": "true"}), _("%(name)s is signed out and stays out") % {"name": user.name})


async def reactivate(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    await actions.reactivate_user(tx, who, user)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def reset_link(request: Request, tx: Tx, who: Principal) -> Answer:
    """For a colleague who forgot the password, when no mail server is set."""
    user = await get_user(tx, who, request.path_params["id"], to="edit")
    settings = request.app.state.settings
    token = actions.start_reset(tx, user, settings.secret)
    base = settings.url if settings.base_url else str(request.base_url).rstrip("/")
    return HTMLResponse(render("identity/_links.html", links={user.email: f"{base}/reset/{token}"}), 201)


async def teams(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    found = await memberships(tx, who)
    inside = {(team.id, user) for user, joined in found.items() for team in joined}
    return await settings_page(
        request, tx, who, "identity/teams.html", heads=heads, teams=await list_teams(tx, who), people=await list_people(tx, who), inside=inside
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
    return await settings_page(request, tx, who, "identity/workspace.html", heads=heads, workspace=place, zones=sorted(ZONES))


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
    route("GET", "/settings", index),
    route("GET", "/settings/profile", profile),
    route("PUT", "/settings/profile/{field}", change_profile, personal=True),
    open_route("POST", "/settings/picture", upload_picture),
    open_route("POST", "/settings/password", change_password),
    route("DELETE", "/settings/devices/{id:int}", end_session, personal=True),
    route("DELETE", "/settings/devices", end_other_sessions, personal=True),
    route("POST", "/settings/tokens", create_token, personal=True),
    route("DELETE", "/settings/tokens/{id:int}", revoke_token, personal=True),
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
