"""Who else reads along: people who stood in copy of the customer's letters get our replies too, unless their writer
takes them out."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from server.cases.models import Case, CaseMessage
from server.channels.apart import is_own
from server.channels.models import Channel
from server.channels.outgoing import is_writable
from server.channels.queries import own_addresses
from server.identity.forms import parse_email
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.text import _

MOST = 20


async def offered_copies(tx: Tx, case: Case) -> list[str]:
    """Whom the customer's newest letter was for beside us, and who wrote it when that was not the requester."""
    theirs = CaseMessage.case_id == case.id, CaseMessage.state == "in", CaseMessage.via == "email"
    newest = select(func.max(CaseMessage.n)).where(*theirs).scalar_subquery()
    ours = aliased(Channel)  # with every address of ours, in one statement
    letter = select(CaseMessage.address, CaseMessage.copies, ours.address).where(*theirs, CaseMessage.n == newest)
    rows = (await tx.execute(letter.join(ours, ours.workspace_id == CaseMessage.workspace_id, isouter=True))).all()
    if not rows or case.is_chat:
        return []
    return _fitting(case, [rows[0][0], *rows[0][1]], {row[2] for row in rows})[:MOST]


async def parse_copies(tx: Tx, case: Case, raw: Sequence[str]) -> list[str]:
    if len(raw) > MOST:
        raise Invalid(copies=_("At most %(n)s people in copy") % {"n": MOST})
    try:
        addresses = [parse_email(one) for one in raw]
        return _fitting(case, addresses, await own_addresses(tx, case.workspace_id)) if addresses else []
    except Invalid as error:
        raise Invalid(copies=error.message) from error


def _fitting(case: Case, addresses: Sequence[str], own: Collection[str]) -> list[str]:
    """Never an address of ours, which would write to us again; nobody twice."""
    asks = requesters(case)
    return [one for one in dict.fromkeys(addresses) if one not in asks and not is_own(one, own) and is_writable(one)]


def requesters(case: Case) -> set[str]:
    """Every address that the requester is known by."""
    return {case.address, *(point["value"].lower() for point in case.contact.emails)}
