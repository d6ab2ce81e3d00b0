"""How admins set up the line: its menus, choices and sounds. Verbs announce facts; none commits, none knows HTTP."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from server.announcer import events as facts
from server.announcer.access import get_line
from server.announcer.forms import (
    FIELDS,
    MOST_FIELDS,
    NAME,
    VOICES,
    OptionDraft,
    parse_option,
    parse_wait,
)
from server.announcer.models import Line, LineMenu, LineOption
from server.contacts.queries import list_fields
from server.identity.access import visible_teams, visible_users
from server.identity.models import Team, User, Workspace
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import emit
from server.kit.hours import parse_zone
from server.kit.routes import known_routes
from server.kit.text import LANGUAGES, _, one_line

MENUS = 20


@dataclass(frozen=True, slots=True)
class MenuDraft:
    name: str
    language: str = ""
    voice: str = ""
    greeting: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    hours: list[list[list[int]]] = field(default_factory=list)
    zone: str = "UTC"
    file: str = ""


def _told(tx: Tx, who: Principal, line: Line, what: str) -> None:
    emit(tx, who, facts.LineChanged(subject=f"line:{line.id}", what=what))


async def the_line(tx: Tx, who: Principal) -> Line:
    """To change it. The first time it is made, switched off, with a menu that takes messages."""
    line = await get_line(tx, who, to_edit=True)
    if line is not None:
        return line
    line = Line(workspace_id=who.workspace_id, key=secrets.token_urlsafe(18), is_on=False, fields=[])
    tx.add(line)
    await tx.flush()
    workspace = await tx.get_one(Workspace, who.workspace_id)
    menu = LineMenu(line_id=line.id, name=_("Welcome"), greeting={}, closed={}, hours=[], zone=workspace.timezone)
    tx.add(menu)
    await tx.flush()
    tx.add(LineOption(menu_id=menu.id, digit="9", kind="voicemail", label={}, text={}, target_id=None))
    await tx.flush()
    found = await get_line(tx, who)
    assert found is not None
    return found


async def change_line(
    tx: Tx, who: Principal, *, is_on: bool, wait: object, records: bool, team: str, fields: list[str]
) -> Line:
    line = await the_line(tx, who)
    team_id = int(team) if team.isascii() and team.isdigit() else None
    if team_id is not None and await tx.scalar(visible_teams(who).where(Team.id == team_id)) is None:
        raise Invalid(team=_("Not in this workspace"))
    known = {*FIELDS, *(f"x.{key}" for key in await list_fields(tx, who))}
    if not set(fields) <= known or len(fields) > MOST_FIELDS:
        raise Invalid(fields=_("At most %(n)s") % {"n": MOST_FIELDS})
    line.is_on, line.wait, line.records = is_on, parse_wait(wait), records
    line.team_id, line.fields = team_id, fields
    _told(tx, who, line, "line")
    return line


async def renew_key(tx: Tx, who: Principal) -> Line:
    """Another address; the one before leads nowhere."""
    line = await the_line(tx, who)
    line.key = secrets.token_urlsafe(18)
    _told(tx, who, line, "line")
    return line


async def add_menu(tx: Tx, who: Principal, name: str) -> LineMenu:
    line = await the_line(tx, who)
    if len(line.menus) >= MENUS:
        raise Conflict(_("At most %(n)s") % {"n": MENUS})
    menu = LineMenu(
        line_id=line.id, name=_named(name), greeting={}, closed={}, hours=[], zone=line.menus[0].zone,
        language="", voice=line.menus[0].voice,
    )  # fmt: skip
    tx.add(menu)
    await tx.flush()
    _told(tx, who, line, "menu")
    return menu


def _named(name: str) -> str:
    found = one_line(name, NAME)
    if not found:
        raise Invalid(name=_("A name is needed"))
    return found


async def change_menu(tx: Tx, who: Principal, menu: LineMenu, draft: MenuDraft) -> str:
    """The key of the sound that is no longer needed, or ""."""
    if draft.language not in ("", *LANGUAGES):
        raise Invalid(language=_("No such language"))
    if draft.voice not in VOICES:
        raise Invalid(voice=_("No such voice"))
    menu.name, menu.language, menu.voice = _named(draft.name), draft.language, draft.voice
    menu.greeting, menu.closed, menu.hours, menu.zone = (
        draft.greeting,
        draft.closed,
        draft.hours,
        parse_zone(draft.zone),
    )
    old = ""
    if draft.file:
        old, menu.file = menu.file, draft.file
    _told(tx, who, await tx.get_one(Line, menu.line_id), "menu")
    return old


async def drop_sound(tx: Tx, who: Principal, menu: LineMenu) -> None:
    """The greeting is spoken again. The file is swept: nothing names it any more."""
    menu.file = ""
    _told(tx, who, await tx.get_one(Line, menu.line_id), "menu")


async def remove_menu(tx: Tx, who: Principal, menu: LineMenu) -> None:
    """Choices that led to it go too. The first one stays: callers begin there."""
    line = await the_line(tx, who)
    if line.menus[0].id == menu.id:
        raise Conflict(_("Callers begin in this menu: it stays"))
    led = select(LineOption).where(
        LineOption.kind == "menu",
        LineOption.target_id == menu.id,
        LineOption.menu_id.in_([one.id for one in line.menus]),
    )
    for option in [*await tx.scalars(led), *menu.options]:
        await tx.delete(option)
    await tx.delete(menu)
    _told(tx, who, line, "menu")


async def set_option(tx: Tx, who: Principal, menu: LineMenu, draft: OptionDraft) -> LineOption:
    """What a key leads to; a key that led elsewhere leads here now."""
    known = next((one for one in menu.options if one.digit == draft.digit), None)
    return await _put_option(tx, who, menu, known, draft)


async def change_option(tx: Tx, who: Principal, menu: LineMenu, option: LineOption, draft: OptionDraft) -> LineOption:
    """In its place, to another key too when that one is free."""
    if any(one.digit == draft.digit and one.id != option.id for one in menu.options):
        raise Invalid(digit=_("This key leads somewhere already"))
    return await _put_option(tx, who, menu, option, draft)


async def _put_option(
    tx: Tx, who: Principal, menu: LineMenu, known: LineOption | None, draft: OptionDraft
) -> LineOption:
    checked = parse_option(draft)
    line = await the_line(tx, who)
    target = await _target(tx, who, line, checked)
    values: dict[str, Any] = {
        "digit": checked.digit, "kind": checked.kind, "label": checked.label, "target_id": target,
        "text": checked.text or {}, "skill": await _skill(tx, who, checked),
    }  # fmt: skip
    if checked.kind == "file" and not checked.file and not (known is not None and known.file):
        raise Invalid(sound=_("Choose a sound file"))
    values["file"] = checked.file or (known.file if known is not None and checked.kind == "file" else "")
    if known is None:
        known = LineOption(menu_id=menu.id, **values)
        tx.add(known)
    else:
        for name, value in values.items():
            setattr(known, name, value)
    await tx.flush()
    _told(tx, who, line, "option")
    return known


async def _target(tx: Tx, who: Principal, line: Line, draft: OptionDraft) -> int | None:
    if draft.kind not in ("team", "person", "menu"):
        return None
    kind, _colon, number = draft.target.partition(":")
    if kind != draft.kind or not (number.isascii() and number.isdigit()) or len(number) > 17:
        raise Invalid(target=_("Choose where it leads"))
    found: object = None
    if kind == "team":
        found = await tx.scalar(visible_teams(who).where(Team.id == int(number)))
    elif kind == "person":
        found = await tx.scalar(visible_users(who).where(User.id == int(number), User.active))
    else:
        found = await tx.scalar(select(func.count()).where(LineMenu.id == int(number), LineMenu.line_id == line.id))
    if not found:
        raise Invalid(target=_("Not in this workspace"))
    return int(number)


async def _skill(tx: Tx, who: Principal, draft: OptionDraft) -> str:
    if draft.kind != "skill":
        return ""
    kind, _colon, skill = draft.target.partition(":")
    if kind != "skill" or skill not in await known_routes().skills(tx, who.workspace_id):
        raise Invalid(target=_("Nobody has this skill"))
    return skill


async def remove_option(tx: Tx, who: Principal, option: LineOption) -> None:
    await tx.delete(option)
    _told(tx, who, await the_line(tx, who), "option")
