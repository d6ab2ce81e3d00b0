"""The API of the announcer: how callers of the line are led."""

from starlette.requests import Request

from server.announcer.access import get_line
from server.announcer.models import Line
from server.announcer.script import Kind
from server.kit.access import Principal
from server.kit.api import Shape, api
from server.kit.db import Tx


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


routes = [
    api("GET", "/announcer", show, "How callers of the public line are led", gives=LineShape),
]
