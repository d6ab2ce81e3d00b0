"""The API of calls."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from starlette.requests import Request

from server.calls import actions, rings
from server.calls.access import get_call, get_link, get_open_call
from server.calls.forms import (
    LINK_SEATS,
    NAME_LENGTH,
    NOTE_LENGTH,
    NUMBER_LENGTH,
    LinkDraft,
    LoggedDraft,
    parse_end,
)
from server.calls.guests import make_link, take_back_link
from server.calls.models import Call, GuestLink
from server.calls.queries import call_by_id, calls_after, links_of
from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.api import PREFIX, Body, Listing, Moment, Page, Query, Shape, api, asked_about, linked, page_of
from server.kit.db import Tx

About = Field(
    min_length=1,
    max_length=40,
    description='A record, "contact:7" or "company:3", a room, "room:2", or a task, "task:4"',
)


class NewCall(Body):
    """With `direction` it is one that was made elsewhere, written down; without, a room is opened and rings."""

    about: str = About
    kind: Literal["audio", "video"] = "video"
    direction: Literal["in", "out"] | None = None
    number: str = Field("", max_length=NUMBER_LENGTH)
    minutes: int = Field(0, ge=0, le=24 * 60)
    ended_at: Moment | None = Field(None, description="Of one written down: when it was over; now when left out")
    outcome: Literal["talked", "voicemail", "busy", "nobody"] = "talked"
    note: str = Field("", max_length=NOTE_LENGTH)


class NewGuestLink(Body):
    name: str = Field("", max_length=NAME_LENGTH)
    hours: Literal[1, 24, 72, 168] = 24
    seats: int = Field(1, ge=1, le=LINK_SEATS)
    auto_admit: bool = False


class PersonShape(Shape):
    id: int
    user: int | None
    name: str
    guest: bool
    host: bool
    here: bool
    waiting: bool
    seconds: int


class RecordingShape(Shape):
    kind: str
    seconds: float
    bytes: int
    keep_until: datetime


class CallShape(Shape):
    id: int
    about: str
    kind: Literal["audio", "video", "phone"]
    direction: Literal["in", "out"]
    number: str
    note: str
    starter: int | None
    answered_by: int | None
    started_at: datetime
    answered_at: datetime | None
    missed: bool
    ended_at: datetime | None
    reason: str
    seconds: int
    recording: Literal["off", "on", "paused"]
    people: list[PersonShape]
    recordings: list[RecordingShape]
    url: str
    home = "calls"


class GuestLinkShape(Shape):
    """`address` is given when the link is made, and never again."""

    id: int
    name: str
    seats: int
    auto_admit: bool
    expires_at: datetime = Field(description="At the latest: a link is good as long as its call goes on.")
    address: str | None


class CallListing(Listing):
    about: str | None = Field(None, max_length=40, description='Those of a record or a room, "contact:7"')


def call_shape(call: Call) -> CallShape:
    people = [
        PersonShape(
            id=one.id,
            user=one.user_id,
            name=one.name,
            guest=one.is_guest,
            host=one.is_host,
            here=one.is_here,
            waiting=one.is_waiting,
            seconds=one.seconds,
        )
        for one in call.people
    ]
    recordings = [
        RecordingShape(kind=one.kind, seconds=one.seconds, bytes=one.size, keep_until=one.keep_until)
        for one in call.recordings
    ]
    names = ("id", "about", "kind", "direction", "number", "note", "answered_by", "started_at", "answered_at")
    more = ("ended_at", "reason", "seconds", "recording", "url")
    values = {name: getattr(call, name) for name in (*names, *more)}
    values |= {"starter": call.starter_id, "missed": call.missed_at is not None}
    return CallShape.model_validate({**values, "people": people, "recordings": recordings})


def link_shape(link: GuestLink, address: str | None = None) -> GuestLinkShape:
    return GuestLinkShape(
        id=link.id,
        name=link.name,
        seats=link.seats,
        auto_admit=link.auto_admit,
        expires_at=link.expires_at,
        address=address,
    )


async def index(request: Request, tx: Tx, who: Principal) -> Page[CallShape]:
    asked: CallListing = request.state.query
    rows = await calls_after(tx, who, asked_about(asked.about), asked.after, asked.limit)
    return page_of(rows, asked.limit, call_shape, lambda call: call.id)


async def of_record(request: Request, tx: Tx, who: Principal) -> Page[CallShape]:
    kind = "company" if request.url.path.startswith(f"{PREFIX}/companies") else "contact"
    record = await get_record(tx, who, f"{kind}:{request.path_params['id']}")
    asked: Listing = request.state.query
    rows = await calls_after(tx, who, record.about, asked.after, asked.limit)
    return page_of(rows, asked.limit, call_shape, lambda call: call.id)


async def create(request: Request, tx: Tx, who: Principal) -> CallShape:
    body: NewCall = request.state.body
    with linked("about"):
        if body.direction is None:
            call, _new = await rings.start_and_ring(tx, who, body.about, body.kind)
        else:
            given = body.model_dump(include={"about", "direction", "number", "minutes", "outcome", "note"})
            ended = parse_end(body.ended_at.isoformat(), who.timezone) if body.ended_at else None
            call = await actions.log_call(tx, who, LoggedDraft(**given, at=ended))
    await tx.flush()
    made = await call_by_id(tx, who, call.id)
    assert made is not None
    return call_shape(made)


async def show(request: Request, tx: Tx, who: Principal) -> CallShape:
    return call_shape(await get_call(tx, who, request.path_params["id"]))


async def end(request: Request, tx: Tx, who: Principal) -> None:
    await actions.end_call(tx, who, await get_call(tx, who, request.path_params["id"], "host"))


async def links(request: Request, tx: Tx, who: Principal) -> Page[GuestLinkShape]:
    call = await get_call(tx, who, request.path_params["id"])
    return Page(items=[link_shape(link) for link in await links_of(tx, call)], next=None)


async def add_link(request: Request, tx: Tx, who: Principal) -> GuestLinkShape:
    body: NewGuestLink = request.state.body
    call = await get_open_call(tx, who, request.path_params["id"])
    settings = request.app.state.settings
    link, token = await make_link(tx, who, call, LinkDraft(**body.model_dump()), settings.secret)
    return link_shape(link, f"{settings.url}/p/join/{token}")


async def remove_link(request: Request, tx: Tx, who: Principal) -> None:
    call = await get_open_call(tx, who, request.path_params["id"])
    await take_back_link(tx, who, call, await get_link(tx, who, call, request.path_params["link"]))


CALL = "/calls/{id:int}"
routes = [
    api("GET", "/calls", index, "List calls, the newest first", gives=Page[CallShape], asks=CallListing),
    api("POST", "/calls", create, "Open a room that rings, or write a call down", gives=CallShape, takes=NewCall),
    api("GET", CALL, show, "Read a call", gives=CallShape),
    api("DELETE", CALL, end, "End a call for everybody"),
    api("GET", f"{CALL}/guest-links", links, "List the links of guests", gives=Page[GuestLinkShape], asks=Query),
    api(
        "POST",
        f"{CALL}/guest-links",
        add_link,
        "Make a link for a guest",
        gives=GuestLinkShape,
        takes=NewGuestLink,
    ),
    api("DELETE", f"{CALL}/guest-links/{{link:int}}", remove_link, "Take a guest's link back"),
    *(
        api(
            "GET",
            f"/{home}/{{id:int}}/calls",
            of_record,
            f"List the calls of a {one}",
            gives=Page[CallShape],
            asks=Listing,
        )
        for home, one in (("contacts", "contact"), ("companies", "company"))
    ),
]
