"""How a case begins on the customers' side: a form that was sent, or the first words in a chat."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from server.cases.actions import open_case
from server.cases.forms import SUBJECT_LENGTH, parse_body
from server.cases.models import Case, CaseFile
from server.cases.replies import receive
from server.channels.models import Channel
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.markdown import plain
from server.kit.text import _, clean, language
from server.portal.actions import is_known, note_act, open_side
from server.portal.people import Claim, person_for
from server.portal.setup import Asked

FIRST_WORDS = 80


@dataclass(frozen=True, slots=True)
class Beginning:
    """`origin`: see parse_origin. `key`: the same key begins the same case."""

    claim: Claim
    asked: list[Asked]
    text: str
    subject: str = ""
    origin: dict[str, str] = field(default_factory=dict)
    page: str = ""
    page_title: str = ""
    key: str = ""


async def begin(tx: Tx, channel: Channel, what: Beginning, files: Sequence[CaseFile]) -> Case:
    """The channel's row is the queue: of two tries with one key the second finds the first."""
    await tx.scalar(select(Channel.id).where(Channel.id == channel.id).with_for_update(key_share=True))
    if (known := await is_known(tx, channel.subject, what.key)) is not None:
        return await tx.get_one(Case, known.case_id)
    who, claim = system(channel.workspace_id, channel.kind), what.claim
    body = parse_body(clean(what.text, 50_000) or (_("(files)") if files else ""))
    contact = await person_for(tx, who, claim, channel.id, language())
    subject = what.subject or plain(body, FIRST_WORDS) or channel.name
    case = await open_case(tx, who, contact, subject[:SUBJECT_LENGTH], channel, claim.email, via=channel.kind)
    case.is_proved = bool(claim.sub)
    note_act(tx, channel.subject, what.key, case)
    values = {"via": channel.kind, "sender": claim.name, "address": claim.email, "body": body + _answers(what)}
    await receive(tx, who, case, values, files)
    side = await open_side(tx, case)
    side.source, side.medium, side.campaign = (what.origin.get(name, "") for name in ("source", "medium", "campaign"))
    side.referrer, side.page, side.page_title = what.origin.get("referrer", ""), what.page, what.page_title
    side.customer_n, side.customer_at = case.said_n, now()
    await tx.flush()
    return case


def _answers(what: Beginning) -> str:
    """What was asked, below the message: it is a claim, and stands nowhere else when the record was there before. Name
    and address stand above it anyway."""
    asked = [one for one in what.asked if one.name not in ("name", "emails") and what.claim.values.get(one.name)]
    lines = [f"{one.label}: {what.claim.values[one.name]}" for one in asked]
    return "\n\n" + "\n".join(lines) if lines else ""
