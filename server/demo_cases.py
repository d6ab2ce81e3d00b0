"""What customers of the demo wrote to its address, and how the team answered."""

from dataclasses import dataclass

from sqlalchemy import select

from server.cases.access import get_case
from server.cases.actions import assign_case, change_case, set_status, tag_case
from server.cases.intake import take_letter
from server.cases.macros import MacroDraft, create_macro
from server.cases.replies import answer_case, note_case
from server.channels.access import channel_at
from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.channels.incoming import Letter, Mailbox
from server.channels.models import Channel
from server.contacts.models import Contact
from server.demo_stage import Act, Stage
from server.kit.access import system
from server.kit.db import Tx
from server.kit.markdown import mentioned

ADDRESS = "help@nogal.example"


@dataclass(frozen=True, slots=True)
class Said:
    """`by`: the place of somebody in the team, or nobody for the customer. `how`: letter, reply, note,
    high, tags, solved."""

    when: str
    by: str
    how: str
    text: str = ""


STORIES: list[tuple[str, int, str, list[Said]]] = [  # language and place of the customer among those who speak it
    (
        "en",
        2,
        "Steam wand loses pressure",
        [
            Said("3d 16:48", "", "letter", "Good afternoon. Since this morning the left wand on machine BW-3 gives wet "
                 "steam and the needle drops under one bar. We open at seven tomorrow and Saturday is our busy day."),
            Said("3d 16:57", "1", "reply", "Please close the left valve and use the right wand for now. "
                 "Could you send me a photo of the gauge while it is running?"),
            Said("1d 09:50", "2", "note", "Same batch as last month: the valve seat, part 40-118. Van 2 has one."),
            Said("50m", "", "letter", "The right wand got us through Saturday. When can somebody come?"),
            Said("45m", "1", "high"),
            Said("44m", "1", "tags", "steam, 40-118"),
        ],
    ),
    (
        "es",
        3,
        "Agua en el suelo tras limpiar",
        [Said("5h", "", "letter", "Buenos días: tras limpiar el molino queda agua debajo. ¿Es normal?")],
    ),
    (
        "en",
        8,
        "Invoice shows two grinders",
        [
            Said("2d 11:20", "", "letter", "We ordered one grinder, the invoice shows two. Can you correct it?"),
            Said("2d 11:41", "3", "reply", "You are right. The corrected invoice is on its way today."),
        ],
    ),
    (
        "en",
        12,
        "Which beans for a cold brew?",
        [
            Said("6d 10:02", "", "letter", "We want to offer cold brew in summer. Which of your beans work best?"),
            Said("6d 12:15", "2", "reply", "Start with the Huila: low acidity, and it keeps for five days."),
            Said("5d 09:30", "", "letter", "Thank you, it is wonderful."),
            Said("5d 09:41", "2", "solved"),
        ],
    ),
    (
        "es",
        9,
        "Factura con el NIF antiguo",
        [Said("3h", "", "letter", "La última factura lleva el NIF antiguo. ¿Nos la pueden enviar con el nuevo?")],
    ),
]  # fmt: skip


MACROS = [
    MacroDraft(
        "Engineer visit",
        "en",
        "Hello {first_name}, our engineer can come on Tuesday before ten or on Thursday afternoon. Which suits you?",
        {"status": "waiting", "tags": "visit"},
    ),
    MacroDraft(
        "Part on its way",
        "en",
        "Hello {first_name}, the part left our workshop today and reaches you within two days.",
        {"snooze": "2"},
    ),
    MacroDraft(
        "Pieza en camino",
        "es",
        "Hola, {first_name}: la pieza ha salido hoy de nuestro taller y le llega en dos días.",
        {"snooze": "2"},
    ),
]


def plan_cases(stage: Stage) -> None:
    people = list(stage.people)
    first = people[0].split(" ")[0]
    stage.acts.append((stage.moment("41d 09:00"), _open(stage, first)))
    for language, place, subject, story in STORIES:
        made: list[int] = []
        for said in story:
            who = people[int(said.by)].split(" ")[0] if said.by else ""
            stage.acts.append((stage.moment(said.when), _say(stage, (language, place), subject, said, who, made)))


def _open(stage: Stage, first: str) -> Act:
    async def act(tx: Tx) -> None:
        who = stage.named(first)
        taken = await channel_at(tx, ADDRESS)  # by the demo of another workspace
        address = ADDRESS if taken is None else f"help-{who.workspace_id}@nogal.example"
        await open_channel(tx, who, ChannelDraft(address, "Nogal Café", "en", stage.teams.get("Support"), "Nogal Café"))
        for macro in MACROS:
            await create_macro(tx, who, macro)

    return act


def _say(stage: Stage, customer: tuple[str, int], subject: str, said: Said, first: str, made: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        if said.how == "letter":
            return await _letter(tx, stage, customer, subject, said.text, made)
        who = stage.named(first)
        case = await get_case(tx, who, made[0], "write")
        match said.how:
            case "reply":
                message = await answer_case(tx, who, case, said.text, case.said_n)
                message.state = "sent"  # weeks ago
            case "note":
                await note_case(tx, who, case, said.text, mentioned(said.text))
            case "high":
                await assign_case(tx, who, case, who.user_id, case.team_id)
                await change_case(tx, who, case, "priority", "high")
            case "tags":
                await tag_case(tx, who, case, said.text)
            case _:
                await set_status(tx, who, case, said.how)

    return act


async def _letter(tx: Tx, stage: Stage, customer: tuple[str, int], subject: str, text: str, made: list[int]) -> None:
    speak = select(Contact).where(Contact.id.in_(stage.customers), Contact.language == customer[0]).order_by(Contact.id)
    contact = (await tx.scalars(speak.offset(customer[1]).limit(1))).one()
    mine = select(Channel).where(Channel.workspace_id == contact.workspace_id)
    channel = (await tx.scalars(mine.limit(1))).one()
    if not contact.email:
        return
    sender = Mailbox(contact.name, contact.email.lower())
    marked = (
        f"Re: {subject} [#{(await get_case(tx, system(channel.workspace_id), made[0])).number}]" if made else subject
    )
    letter = Letter(
        f"<{customer[0]}{customer[1]}.{len(made)}.{len(text)}@demo.example>",
        (),
        sender,
        None,
        (),
        (),
        marked,
        None,
        text,
        "",
        (),
        False,
    )
    taken = await take_letter(tx, channel, letter, [])
    if taken.case is not None and not made:
        made.append(taken.case.id)
