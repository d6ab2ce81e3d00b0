"""The API of cases."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from starlette.requests import Request

from server.cases import actions, claims, departures, joining, replies
from server.cases.access import get_case, get_message
from server.cases.copies import MOST, named_copies, offered_copies
from server.cases.forms import BODY_LENGTH, SUBJECT_LENGTH
from server.cases.models import Case, CaseMessage
from server.cases.queries import cases_after, messages_after
from server.channels.queries import list_channels
from server.contacts.access import get_record
from server.identity.queries import known_names
from server.kit.access import Principal
from server.kit.api import Body, Listing, Moment, Number, Page, Shape, api, fields_named, linked, page_of
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.markdown import mentioned
from server.kit.text import _

Status = Literal["new", "open", "waiting", "snoozed", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Type = Literal["", "question", "problem", "request", "complaint", "praise"]


class NewCase(Body):
    subject: str = Field(min_length=1, max_length=SUBJECT_LENGTH)
    about: str = Field(max_length=40, description='Who asks, "contact:7"')
    via: Literal["phone", "person", "email"] = "email"


class CaseChanges(Body):
    """Members left out stay as they are. A snoozed case needs `snoozed_until`."""

    subject: str = Field("", min_length=1, max_length=SUBJECT_LENGTH)
    status: Status = "open"
    priority: Priority = "normal"
    type: Type = ""
    tags: list[str] = Field([], max_length=50)
    assignee: Number | None = None
    team: Number | None = None
    snoozed_until: Moment | None = None


class NewCaseMessage(Body):
    """`seen`: the `n` of the newest message to or from the customer that you have read. When there is a newer one, a
    reply is answered with 409 and that message; without it a reply is written on whatever stands there. `send_at`: a
    reply for later, which is held when somebody writes before."""

    body: str = Field(min_length=1, max_length=BODY_LENGTH)
    audience: Literal["customer", "team"] = "team"
    seen: int | None = Field(None, ge=0, lt=10**12)
    send_at: Moment | None = None
    copies: list[str] | None = Field(
        None,
        max_length=MOST,
        description="Who else gets it. Left out: who was in copy of the customer’s newest letter, as far as that is "
        "known to be theirs; `left_out` of the answer names the others",
    )


class Departure(Body):
    """`seen`: as of a new message. Left out, whatever stands there counts as read."""

    seen: int | None = Field(None, ge=0, lt=10**12)


class CaseClaim(Body):
    minutes: Literal[15, 30, 60, 240] = 30


class CaseMerge(Body):
    into: Number = Field(description="The id of the case that takes the messages")


class CaseShape(Shape):
    id: int
    number: int
    subject: str
    status: Status
    priority: Priority
    type: Type
    tags: list[str]
    language: str
    parent: int | None
    merged_into: int | None
    claimed_by: int | None
    claimed_until: datetime | None
    about: str
    assignee: int | None
    team: int | None
    via: Literal["email", "form", "chat", "phone", "person", "webhook"]
    is_proved: bool
    said_n: int
    created_at: datetime
    asked_at: datetime | None
    solved_at: datetime | None
    snoozed_until: datetime | None
    version: int
    url: str
    home = "cases"


class CaseMessageShape(Shape):
    id: int
    n: int
    audience: Literal["customer", "team"]
    state: Literal[
        "in", "scheduled", "paused", "sending", "leaving", "sent", "failed", "withdrawn", "note", "auto", "held"
    ]
    via: Literal["email", "note", "form", "chat", "page", "phone", "person", "webhook"]
    author: int | None
    sender: str
    address: str
    copies: list[str]
    body: str
    created_at: datetime


class WrittenMessageShape(CaseMessageShape):
    left_out: list[str] = Field(description="Whom the customer’s newest letter names and this does not reach")


class CaseListing(Listing):
    number: Number | None = None
    status: Status | Literal[""] = ""
    tag: str = Field("", max_length=60)


REFERENCES = ("assignee", "team", "parent", "merged_into", "claimed_by")


def case_shape(case: Case) -> CaseShape:
    values = {name: getattr(case, name) for name in CaseShape.model_fields.keys() - set(REFERENCES)}
    return CaseShape.model_validate(values | {name: getattr(case, f"{name}_id") for name in REFERENCES})


def message_shape(message: CaseMessage) -> CaseMessageShape:
    names = CaseMessageShape.model_fields.keys() - {"author"}
    return CaseMessageShape.model_validate({**{n: getattr(message, n) for n in names}, "author": message.author_id})


async def index(request: Request, tx: Tx, who: Principal) -> Page[CaseShape]:
    asked: CaseListing = request.state.query
    rows = await cases_after(tx, who, asked.after, asked.limit, asked.number, asked.status, asked.tag)
    return page_of(rows, asked.limit, case_shape, lambda case: case.id)


async def create(request: Request, tx: Tx, who: Principal) -> CaseShape:
    body: NewCase = request.state.body
    with linked("about"):
        contact = await get_record(tx, who, body.about.replace("\x00", ""))
    if contact.kind != "contact":
        raise Invalid(about=_("A case belongs to a person"))
    channels = await list_channels(tx, who)
    channel = channels[0] if channels else None
    return case_shape(await actions.open_case(tx, who, contact, body.subject, channel, via=body.via))


async def show(request: Request, tx: Tx, who: Principal) -> CaseShape:
    return case_shape(await get_case(tx, who, request.path_params["id"]))


async def change(request: Request, tx: Tx, who: Principal) -> CaseShape:
    case = await get_case(tx, who, request.path_params["id"], "write")
    body: CaseChanges = request.state.body
    sent = body.model_fields_set
    if "tags" in sent:
        await actions.tag_case(tx, who, case, body.tags)
    for name in ("subject", "priority", "type"):
        if name in sent:
            await actions.change_case(tx, who, case, name, getattr(body, name))
    if sent & {"assignee", "team"}:
        assignee = body.assignee if "assignee" in sent else case.assignee_id
        await actions.assign_case(tx, who, case, assignee, body.team if "team" in sent else case.team_id)
    with fields_named(until="snoozed_until"):
        if "status" in sent and body.status == "snoozed":
            await actions.snooze_case(tx, who, case, body.snoozed_until)
        elif "status" in sent:
            await actions.set_status(tx, who, case, body.status)
    await tx.flush()
    return case_shape(case)


async def messages(request: Request, tx: Tx, who: Principal) -> Page[CaseMessageShape]:
    case = await get_case(tx, who, request.path_params["id"])
    asked: Listing = request.state.query
    rows = await messages_after(tx, who, case, asked.after, asked.limit)
    return page_of(rows, asked.limit, message_shape, lambda message: message.id)


async def write(request: Request, tx: Tx, who: Principal) -> WrittenMessageShape:
    case = await get_case(tx, who, request.path_params["id"], "write")
    body: NewCaseMessage = request.state.body
    with fields_named(text="body"):
        if body.audience == "customer":
            seen = case.said_n if body.seen is None else body.seen
            copies = offered_copies(case) if body.copies is None else body.copies
            names = [*offered_copies(case), *named_copies(case)]
            said = await replies.answer_case(tx, who, case, body.body, seen, body.send_at, copies)
            return _written(said, [one for one in names if one not in said.copies])
        known = await known_names(tx, who.workspace_id, mentioned(body.body))
        return _written(await replies.note_case(tx, who, case, body.body, list(known)), [])


def _written(message: CaseMessage, left_out: list[str]) -> WrittenMessageShape:
    return WrittenMessageShape(**message_shape(message).model_dump(), left_out=left_out)


async def depart(request: Request, tx: Tx, who: Principal) -> CaseMessageShape:
    case = await get_case(tx, who, request.path_params["id"], "write")
    message = await get_message(tx, who, case, request.path_params["message"])
    body: Departure = request.state.body
    seen = case.said_n if body.seen is None else body.seen
    return message_shape(await departures.send_anyway(tx, who, case, message, seen))


async def withdraw(request: Request, tx: Tx, who: Principal) -> CaseMessageShape:
    case = await get_case(tx, who, request.path_params["id"], "write")
    message = await get_message(tx, who, case, request.path_params["message"])
    return message_shape(await replies.withdraw(tx, who, case, message))


async def claim(request: Request, tx: Tx, who: Principal) -> CaseShape:
    case = await get_case(tx, who, request.path_params["id"], "write")
    body: CaseClaim = request.state.body
    return case_shape(await claims.claim_case(tx, who, case, str(body.minutes)))


async def release(request: Request, tx: Tx, who: Principal) -> CaseShape:
    return case_shape(await claims.release_case(tx, who, await get_case(tx, who, request.path_params["id"], "write")))


async def take_over(request: Request, tx: Tx, who: Principal) -> CaseShape:
    return case_shape(await claims.take_over(tx, who, await get_case(tx, who, request.path_params["id"], "write")))


async def merge(request: Request, tx: Tx, who: Principal) -> CaseShape:
    body: CaseMerge = request.state.body
    mine = request.path_params["id"]
    with linked("into"):
        locked = {id: await get_case(tx, who, id, "write") for id in sorted({mine, body.into})}
    return case_shape(await joining.merge_cases(tx, who, locked[mine], locked[body.into]))


PATH = "/cases/{id:int}"
MESSAGE = f"{PATH}/messages/{{message:int}}"
routes = [
    api("GET", "/cases", index, "List cases", gives=Page[CaseShape], asks=CaseListing),
    api("POST", "/cases", create, "Open a case", gives=CaseShape, takes=NewCase),
    api("GET", PATH, show, "Read a case", gives=CaseShape),
    api("PATCH", PATH, change, "Change, assign, snooze or solve a case", gives=CaseShape, takes=CaseChanges),
    api("PUT", f"{PATH}/claim", claim, "Have a case for yourself for a while", gives=CaseShape, takes=CaseClaim),
    api("DELETE", f"{PATH}/claim", release, "Let a claimed case go", gives=CaseShape),
    api("POST", f"{PATH}/take-over", take_over, "Take a case over from whoever has it", gives=CaseShape),
    api(
        "POST",
        f"{PATH}/merge",
        merge,
        "Merge a case into another of the same customer",
        gives=CaseShape,
        takes=CaseMerge,
    ),
    api(
        "GET", f"{PATH}/messages", messages, "Read what was said in a case", gives=Page[CaseMessageShape], asks=Listing
    ),
    api(
        "POST",
        f"{PATH}/messages",
        write,
        "Answer the customer, or write a note for the team",
        gives=WrittenMessageShape,
        takes=NewCaseMessage,
    ),
    api("POST", f"{MESSAGE}/departure", depart, "Send a reply for later now", gives=CaseMessageShape, takes=Departure),
    api("DELETE", MESSAGE, withdraw, "Take a reply back that has not left yet", gives=CaseMessageShape),
]
