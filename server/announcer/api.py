"""The API of the announcer: how callers are led, and the numbers and PINs that customers prove themselves by."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from server.announcer.access import get_line
from server.announcer.given import ONCE, link_of, make_pin
from server.announcer.models import CustomerNumber, Line
from server.announcer.pins import give_pin, is_locked, pin_of, remove_pin
from server.announcer.script import Kind
from server.contacts.access import get_contact
from server.identity.settings import shown_base
from server.kit.access import Principal
from server.kit.api import Shape, api
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.text import _


class OptionShape(Shape):
    digit: str
    kind: Kind
    label: dict[str, str]
    target: int | None
    skill: str


class MenuShape(Shape):
    id: int
    name: str
    language: str
    voice: str
    greeting: dict[str, str]
    hours: list[list[list[int]]]
    zone: str
    options: list[OptionShape]


class LineShape(Shape):
    is_on: bool
    address: str
    wait: int
    records: bool
    team: int | None
    fields: list[str]
    menus: list[MenuShape]


def line_shape(line: Line) -> LineShape:
    menus = [
        MenuShape(
            id=menu.id, name=menu.name, language=menu.language, voice=menu.voice, greeting=menu.greeting,
            hours=menu.hours, zone=menu.zone,
            options=[
                OptionShape(digit=one.digit, kind=one.kind, label=one.label, target=one.target_id, skill=one.skill)
                for one in menu.options
            ],
        )
        for menu in line.menus
    ]  # fmt: skip
    return LineShape(
        is_on=line.is_on, address=f"/p/call/{line.key}", wait=line.wait, records=line.records, team=line.team_id,
        fields=line.fields, menus=menus,
    )  # fmt: skip


async def show(request: Request, tx: Tx, who: Principal) -> LineShape:
    """Before it was ever set up it is off, and has no address."""
    line = await get_line(tx, who)
    if line is None:
        return LineShape(is_on=False, address="", wait=30, records=False, team=None, fields=[], menus=[])
    return line_shape(line)


class PinShape(Shape):
    """Without a number there is no PIN. `pin` and `link` are given when it is made, and never again."""

    number: str | None
    set_at: datetime | None
    locked_until: datetime | None
    pin: str | None = None
    link: str | None = None


def pin_shape(row: CustomerNumber, pin: str | None = None, link: str | None = None) -> PinShape:
    locked = row.locked_until if is_locked(row) else None
    return PinShape(number=row.number, set_at=row.set_at, locked_until=locked, pin=pin, link=link)


async def show_pin(request: Request, tx: Tx, who: Principal) -> PinShape:
    row = await pin_of(tx, await get_contact(tx, who, request.path_params["id"]))
    return pin_shape(row) if row is not None else PinShape(number=None, set_at=None, locked_until=None)


async def give(request: Request, tx: Tx, who: Principal) -> Response:
    """The number stays; the PIN before it, its links and its lock end."""
    contact = await get_contact(tx, who, request.path_params["id"], "edit")
    line = await get_line(tx, who)
    row = await give_pin(tx, who, contact, request.state.pin_hash)
    link = link_of(request, line, row, shown_base(request)) if line is not None else None
    shown = pin_shape(row, request.state.pin, link).model_dump_json()
    return Response(shown, 200, ONCE, "application/json")


async def take(request: Request, tx: Tx, who: Principal) -> None:
    contact = await get_contact(tx, who, request.path_params["id"], "edit")
    if await pin_of(tx, contact) is None:
        raise NotFound(_("There is no PIN"))
    await remove_pin(tx, who, contact)


PIN = "/contacts/{id:int}/pin"
routes = [
    api("GET", "/announcer", show, "How callers of the public line are led", gives=LineShape),
    api("GET", PIN, show_pin, "Read a customer's number, and whether it is locked", gives=PinShape),
    api("PUT", PIN, give, "Give a customer a PIN, in place of the one before", gives=PinShape, before=make_pin),
    api("DELETE", PIN, take, "Take a customer's number and PIN away"),
]
