"""The customers' door: a pass opens its one case, while both stand. Not there, too old and taken back look alike."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from server.cases.access import WHOLE, visible_cases
from server.cases.copies import requesters
from server.cases.models import Case, CaseFile, CaseMessage
from server.channels.models import Channel
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.passes import Pass, find_pass
from server.kit.text import _
from server.portal.models import CaseSide

KINDS = ("form", "chat")
RATED_WITHIN = timedelta(days=30)  # after it was solved


def seen_by_customer() -> ColumnElement[bool]:
    """A letter once it has left; what was said in a chat at once."""
    arrived = or_(CaseMessage.state.in_(("in", "sent")), CaseMessage.via == "chat")
    return and_(CaseMessage.audience == "customer", arrived)


def is_theirs_to_see(case: Case, message: CaseMessage) -> bool:
    """What somebody in copy wrote to us alone is between them and us."""
    if message.state != "in" or message.via != "email" or not message.address:
        return True
    return not requesters(case).isdisjoint((message.address, *message.copies))


def parts_of(case: Case, of: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The case itself, and those whose messages its customer is shown there."""
    return or_(of == case.id, of.in_(select(CaseSide.case_id).where(CaseSide.told_in_id == case.id)))


def may_rate(case: Case) -> bool:
    return case.is_over and case.solved_at is not None and now() - case.solved_at < RATED_WITHIN


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a pass at their case."""

    key: Pass
    case: Case
    side: CaseSide | None

    @property
    def house(self) -> Principal:
        """Who writes what a customer does: nobody of the team. The kind of `via` stands in the fact."""
        return system(self.case.workspace_id, "customer")


async def visit(tx: Tx, token: str) -> Visit:
    """To write, the case is locked until the transaction ends, as for the team."""
    found = await find_pass(tx, token) if token else None
    if found is None or found.kind != "customer" or not found.subject.startswith("case:"):
        raise NotFound(_("This link is no longer good"))
    house = visible_cases(system(found.workspace_id))
    of_pass = select(func.coalesce(Case.merged_into_id, Case.id)).where(Case.id == subject_id(found.subject))
    one = house.where(Case.id == await tx.scalar(of_pass)).options(*WHOLE)
    case = await tx.scalar(one if tx.info.get("read") else one.with_for_update(of=Case))
    if case is None:
        raise NotFound(_("This link is no longer good"))
    if case.customer_topic not in found.scope:  # see reactions.py: it was joined with what is not theirs for certain
        raise NotFound(_("This conversation was joined with another one, and goes on by mail"))
    return Visit(found, case, await tx.get(CaseSide, case.id))


async def shown_file(tx: Tx, case: Case, file_id: int) -> CaseFile:
    """Of a message that the customer sees, in this case alone."""
    seen = parts_of(case, CaseMessage.case_id), seen_by_customer()
    found = select(CaseFile, CaseMessage).join(CaseMessage, CaseMessage.id == CaseFile.message_id)
    row = (await tx.execute(found.where(CaseFile.id == file_id, *seen))).one_or_none()
    if row is None or not is_theirs_to_see(case, row.CaseMessage):
        raise NotFound(_("No such file"))
    file: CaseFile = row.CaseFile
    return file


async def channel_of_key(tx: Tx, key: str, kind: str) -> Channel:
    """A form or a chat by its public key. Unknown, closed and of another kind are answered alike."""
    found = select(Channel).where(Channel.address == key, Channel.kind == kind, Channel.closed_at.is_(None))
    channel: Channel | None = await tx.scalar(found)
    if channel is None:
        raise NotFound(_("There is nothing here, or it is not for you"))
    return channel


async def get_place(tx: Tx, who: Principal, channel_id: int) -> Channel:
    """A form or a chat, for admins."""
    must_be_admin(who)
    mine = Channel.id == channel_id, Channel.workspace_id == who.workspace_id, Channel.closed_at.is_(None)
    channel: Channel | None = await tx.scalar(select(Channel).where(*mine, Channel.kind.in_(KINDS)))
    if channel is None:
        raise NotFound(_("No such channel"))
    return channel


def must_be_admin(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change channels"))
