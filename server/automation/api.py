"""The API of letters by event: which letter a rule sends when a shop tells of something. For admins."""

from typing import Literal

from pydantic import Field
from starlette.requests import Request

from server.automation import actions
from server.automation.access import get_rule, must_be_admin
from server.automation.forms import TEXT_LENGTH, RuleDraft
from server.automation.models import Rule
from server.automation.queries import letter_rules_after
from server.kit.access import Principal
from server.kit.api import Body, Listing, Number, Page, Shape, api, page_of
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.text import LANGUAGES, _


class EventLetterBody(Body):
    """All of it: what is left out is empty. `brings`: words of the event that the letter may name in braces. A text of
    one language alone serves both; without a letter the event is noted on the record alone."""

    name: str = Field(min_length=1, max_length=80)
    events: list[str] = Field(min_length=1, max_length=20)
    brings: list[str] = Field([], max_length=30)
    language: Literal["", "en", "es"] = ""
    tag: str = Field("", max_length=60, description="Of the customer or their company")
    sender: Number | None = Field(None, description="The address it leaves from: a channel's id")
    stops: bool = Field(False, description="No rule below it is asked")
    subject_en: str = Field("", max_length=300)
    subject_es: str = Field("", max_length=300)
    text_en: str = Field("", max_length=TEXT_LENGTH)
    text_es: str = Field("", max_length=TEXT_LENGTH)


class EventLetterShape(Shape):
    id: int
    name: str
    events: list[str]
    brings: list[str]
    language: str
    tag: str
    sender: int | None
    stops: bool
    subject_en: str
    subject_es: str
    text_en: str
    text_es: str
    fired: int
    home = "event-letters"


def letter_shape(rule: Rule) -> EventLetterShape:
    when, letter = rule.when, rule.acts.get("letter", {})
    texts = {
        f"{part}_{language}": letter.get(part, {}).get(language, "")
        for part in ("subject", "text")
        for language in LANGUAGES
    }
    return EventLetterShape(
        id=rule.id, name=rule.name, events=when["events"], brings=when["brings"], language=when.get("language", ""),
        tag=when.get("tag", ""), sender=rule.acts.get("sender"), stops=rule.stops, fired=rule.fired, **texts,
    )  # fmt: skip


def _draft(body: EventLetterBody) -> RuleDraft:
    when = {"events": ",".join(body.events), "brings": ",".join(body.brings)}
    return RuleDraft(
        body.name,
        "happened",
        when | {"language": body.language, "tag": body.tag},
        {"sender": str(body.sender)} if body.sender else {},
        stops=body.stops,
        subject={"en": body.subject_en, "es": body.subject_es},
        letter={"en": body.text_en, "es": body.text_es},
    )


async def _mine(request: Request, tx: Tx, who: Principal) -> Rule:
    rule = await get_rule(tx, who, request.path_params["id"])
    if rule.moment != "happened":
        raise NotFound(_("No such rule"))
    return rule


async def index(request: Request, tx: Tx, who: Principal) -> Page[EventLetterShape]:
    must_be_admin(who)
    asked: Listing = request.state.query
    rows = await letter_rules_after(tx, who, asked.after, asked.limit)
    return page_of(rows, asked.limit, letter_shape, lambda rule: rule.id)


async def create(request: Request, tx: Tx, who: Principal) -> EventLetterShape:
    must_be_admin(who)
    return letter_shape(await actions.create_rule(tx, who, _draft(request.state.body)))


async def show(request: Request, tx: Tx, who: Principal) -> EventLetterShape:
    return letter_shape(await _mine(request, tx, who))


async def change(request: Request, tx: Tx, who: Principal) -> EventLetterShape:
    rule = await _mine(request, tx, who)
    return letter_shape(await actions.change_rule(tx, who, rule, _draft(request.state.body)))


async def remove(request: Request, tx: Tx, who: Principal) -> None:
    await actions.remove_rule(tx, who, await _mine(request, tx, who))


PATH = "/event-letters/{id:int}"
routes = [
    api("GET", "/event-letters", index, "List letters by event", gives=Page[EventLetterShape], asks=Listing),
    api("POST", "/event-letters", create, "Add a letter by event", gives=EventLetterShape, takes=EventLetterBody),
    api("GET", PATH, show, "Read a letter by event", gives=EventLetterShape),
    api("PUT", PATH, change, "Change a letter by event", gives=EventLetterShape, takes=EventLetterBody),
    api("DELETE", PATH, remove, "Remove a letter by event"),
]
