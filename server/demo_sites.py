"""What customers of the demo wrote on the shop's own site: by its form and in its chat."""

from dataclasses import dataclass, field

from sqlalchemy import select

from server.cases.access import get_case
from server.cases.actions import set_status
from server.cases.replies import answer_case
from server.channels.models import Channel
from server.contacts.models import Contact
from server.demo_stage import Act, Stage
from server.kit.access import system
from server.kit.db import Tx
from server.kit.text import speaking
from server.portal.access import Visit, visit
from server.portal.actions import give_pass, go_to, rate, read, say
from server.portal.channels import change_place, open_place
from server.portal.people import Claim
from server.portal.setup import PlaceDraft
from server.portal.starting import Beginning, begin

SITE = "https://www.nogal.example"
TEXTS = {
    "form": {
        "title": {"en": "Write to Nogal Café", "es": "Escriba a Nogal Café"},
        "thanks": {"en": "Thank you. We answer within a day.", "es": "Gracias. Respondemos en un día."},
    },
    "chat": {
        "title": {"en": "Ask Nogal", "es": "Pregunte a Nogal"},
        "welcome": {
            "en": "Hello. Ask us about machines, beans or a repair.",
            "es": "Hola. Pregúntenos por máquinas, café o una reparación.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Said:
    """`how`: first words, more of the customer, reply, solved, rated."""

    when: str
    how: str
    text: str
    by: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """`customer`: place among those of the language."""

    kind: str
    language: str
    customer: int
    page: str
    said: list[Said]
    origin: dict[str, str] = field(default_factory=dict)


STORIES = [
    Story("chat", "en", 5, "/grinders", [
        Said("4d 10:02", "first", "Do you ship grinders to Lisbon, and how long does it take?"),
        Said("4d 10:04", "reply", "We do, in three working days. **Free** from 400 euros.", 1),
        Said("4d 10:05", "more", "Perfect, I order today."),
        Said("4d 10:20", "solved", "", 1),
        Said("4d 10:22", "rated", "Quick and friendly"),
    ], {"source": "newsletter", "medium": "email", "campaign": "autumn"}),
    Story("chat", "es", 7, "/tienda", [Said("18m", "first", "¿Abren el sábado por la tarde?")]),
    Story("form", "es", 6, "/presupuesto", [
        Said("7h", "first", "Necesitamos presupuesto para dos máquinas de dos grupos y un molino, para marzo."),
    ], {"source": "search", "campaign": "hosteleria", "referrer": "duckduckgo.com"}),
]  # fmt: skip


def plan_sites(stage: Stage) -> None:
    first = next(iter(stage.people)).split(" ")[0]
    stage.acts.append((stage.moment("40d 09:00"), _open(stage, first)))
    for story in STORIES:
        made: list[int] = []
        stage.acts += [(stage.moment(one.when), _act(stage, story, one, made)) for one in story.said]


def _open(stage: Stage, first: str) -> Act:
    async def act(tx: Tx) -> None:
        who, team = stage.named(first), stage.teams.get("Support")
        for kind, texts in TEXTS.items():
            channel = await open_place(tx, who, kind, texts["title"]["en"], "en")
            options = channel.options | {"texts": texts}
            await change_place(tx, who, channel, PlaceDraft(channel.name, "en", team, [SITE], options))

    return act


def _act(stage: Stage, story: Story, said: Said, made: list[int]) -> Act:
    people = list(stage.people.values())

    async def act(tx: Tx) -> None:
        if said.how == "first":
            return await _first(tx, stage, story, said.text, made)
        who = people[said.by]
        case = await get_case(tx, who, made[0], "write")
        match said.how:
            case "reply":
                await answer_case(tx, who, case, said.text, case.said_n)
                await read(tx, system(case.workspace_id), case, "customer", case.said_n)
            case "solved":
                await set_status(tx, who, case, "solved")
            case "more":
                await say(tx, await _visit(tx, story, made[0], who.workspace_id), said.text, [], "", "chat")
            case _:
                await rate(tx, await _visit(tx, story, made[0], who.workspace_id), 5, said.text)

    return act


async def _visit(tx: Tx, story: Story, case_id: int, workspace_id: int) -> Visit:
    case = await get_case(tx, system(workspace_id), case_id)
    return await visit(tx, await give_pass(tx, case, story.language))


async def _first(tx: Tx, stage: Stage, story: Story, text: str, made: list[int]) -> None:
    workspace_id = next(iter(stage.people.values())).workspace_id
    mine = select(Channel).where(Channel.workspace_id == workspace_id, Channel.kind == story.kind)
    channel = (await tx.scalars(mine.limit(1))).one()
    claim = await _claim(tx, stage, story)
    with speaking(story.language):
        case = await begin(tx, channel, Beginning(claim, [], text, origin=story.origin), [])
    await go_to(tx, await _visit(tx, story, case.id, workspace_id), SITE + story.page, "Nogal Café")
    made.append(case.id)


async def _claim(tx: Tx, stage: Stage, story: Story) -> Claim:
    speak = select(Contact).where(Contact.id.in_(stage.customers), Contact.language == story.language)
    contact = (await tx.scalars(speak.order_by(Contact.id).offset(story.customer).limit(1))).one()
    return Claim(contact.name, contact.email.lower())
