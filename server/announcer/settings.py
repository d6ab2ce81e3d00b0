"""How the line is set up: /settings/announcer, for admins."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.announcer import actions
from server.announcer.access import get_line, get_menu, get_option, must_be_admin
from server.announcer.actions import MenuDraft
from server.announcer.forms import LABEL, TEXT, VOICES, OptionDraft, parse_both
from server.announcer.queries import field_names, target_names
from server.announcer.script import KINDS
from server.announcer.speech import program_of
from server.announcer.uploads import take_sound
from server.contacts.queries import list_fields
from server.identity.forms import ZONES
from server.identity.queries import list_teams
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.hours import DAYS, hours_text, parse_hours
from server.kit.text import LANGUAGES
from server.kit.web import Answer, field, page_heads, route, settings_page


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    heads = await page_heads(tx, who)
    line = await get_line(tx, who)
    settings = request.app.state.settings
    base = settings.url if settings.base_url else str(request.base_url).rstrip("/")
    custom = {f"x.{key}": one.label for key, one in (await list_fields(tx, who)).items()}
    return await settings_page(
        request, tx, who, "announcer/settings.html",
        heads=heads,
        line=line,
        speaks=program_of(settings.speech) is not None,
        address=f"{base}/p/call/{line.key}" if line else "",
        teams=await list_teams(tx, who),
        targets=await target_names(tx, who, line) if line else {},
        fields=field_names() | custom,
        kinds=KINDS,
        voices=VOICES,
        zones=sorted(ZONES),
        days=DAYS,
        hours=hours_text,
        languages=LANGUAGES,
    )  # fmt: skip


def _again(status: int = 200) -> Response:
    return Response(status_code=status, headers={"HX-Refresh": "true"})


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    await actions.change_line(
        tx, who,
        is_on=field(form, "is_on", 5) == "1",
        wait=field(form, "wait", 5) or "30",
        records=field(form, "records", 5) == "1",
        team=field(form, "team", 18),
        fields=[str(one) for one in form.getlist("fields")],
    )  # fmt: skip
    return _again()


async def renew(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.renew_key(tx, who)
    return _again()


async def add_menu(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.add_menu(tx, who, field(request.state.form, "name", 100))
    return _again(201)


async def change_menu(request: Request, tx: Tx, who: Principal) -> Answer:
    menu, form = await get_menu(tx, who, request.path_params["id"]), request.state.form
    draft = MenuDraft(
        name=field(form, "name", 100),
        language=field(form, "language", 5),
        voice=field(form, "voice", 10),
        greeting=parse_both("greeting", form, TEXT),
        closed=parse_both("closed", form, TEXT),
        hours=parse_hours({day: field(form, day, 60) for day in DAYS}),
        zone=field(form, "zone", 60),
        file=request.state.sound,
    )
    await actions.change_menu(tx, who, menu, draft)
    return _again()


async def drop_sound(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.drop_sound(tx, who, await get_menu(tx, who, request.path_params["id"]))
    return _again()


async def remove_menu(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_menu(tx, who, await get_menu(tx, who, request.path_params["id"]))
    return _again()


async def set_option(request: Request, tx: Tx, who: Principal) -> Answer:
    menu, form = await get_menu(tx, who, request.path_params["id"]), request.state.form
    await actions.set_option(tx, who, menu, _option(form, request.state.sound))
    return _again(201)


def _option(form: Any, sound: str) -> OptionDraft:
    return OptionDraft(
        digit=field(form, "digit", 2),
        kind=field(form, "kind", 20),
        label=parse_both("label", form, LABEL),
        target=field(form, "target", 80),
        text=parse_both("text", form, TEXT),
        file=sound,
    )


async def change_option(request: Request, tx: Tx, who: Principal) -> Answer:
    menu, form = await get_menu(tx, who, request.path_params["id"]), request.state.form
    option = await get_option(tx, who, menu, request.path_params["option"])
    await actions.change_option(tx, who, menu, option, _option(form, request.state.sound))
    return _again()


async def remove_option(request: Request, tx: Tx, who: Principal) -> Answer:
    menu = await get_menu(tx, who, request.path_params["id"])
    await actions.remove_option(tx, who, await get_option(tx, who, menu, request.path_params["option"]))
    return _again()


MENU = "/settings/announcer/menus/{id:int}"
routes = [
    route("GET", "/settings/announcer", index),
    route("PUT", "/settings/announcer", change),
    route("POST", "/settings/announcer/key", renew),
    route("POST", "/settings/announcer/menus", add_menu),
    route("PUT", MENU, change_menu, before=take_sound),
    route("DELETE", MENU, remove_menu),
    route("DELETE", f"{MENU}/sound", drop_sound),
    route("POST", f"{MENU}/options", set_option, before=take_sound),
    route("PUT", f"{MENU}/options/{{option:int}}", change_option, before=take_sound),
    route("DELETE", f"{MENU}/options/{{option:int}}", remove_option),
]
