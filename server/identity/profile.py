"""One's own settings: profile, picture, password, devices, API tokens."""

import io
from collections.abc import AsyncIterator

import anyio
from PIL import Image, ImageOps
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.identity import actions
from server.identity.access import get_token, get_user
from server.identity.forms import THEMES, ZONES, device_name, parse_name, parse_profile
from server.identity.passwords import check_password
from server.identity.queries import (
    list_sessions,
    list_tokens,
)
from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.errors import Invalid
from server.kit.pages import render
from server.kit.pictures import UNREADABLE, fit
from server.kit.text import _, speaking
from server.kit.web import Answer, field, is_htmx, open_route, page_heads, route, settings_page, toast

PICTURE = 256  # pixels each way
PICTURE_BYTES = 10 * 1024 * 1024


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
        device_name=device_name,
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

    async def chunks() -> AsyncIterator[bytes]:
        yield encoded

    files = request.app.state.services.files
    key, _size, _kind = await files.write(chunks())
    async with database.transaction() as tx:
        user = await get_user(tx, who, who.user_id)
        old = user.picture
        await actions.change_profile(tx, who, user, "picture", key)
    if old:
        await files.remove(old)
    if not is_htmx(request):
        return RedirectResponse("/settings/profile", 303)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


def _shrink(raw: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
            fit(image)
            upright = ImageOps.exif_transpose(image)
            square = min(upright.size)
            left, top = (upright.width - square) // 2, (upright.height - square) // 2
            small = upright.convert("RGB").crop((left, top, left + square, top + square)).resize((PICTURE, PICTURE))
    except UNREADABLE as error:
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
            if field(form, "revoke") == "1":
                await actions.revoke_tokens(tx, who, user)
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
    tokens = await list_tokens(tx, who)
    return HTMLResponse(render("identity/_token.html", token=token, tokens=tokens), 201)


async def revoke_token(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.revoke_token(tx, who, await get_token(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


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
]
