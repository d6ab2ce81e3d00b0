"""Who else reads along: people who stood in copy of the customer's letters get our replies too, unless their writer
takes them out. A typed sender proves nothing, so a letter adds nobody by itself unless its writer has read what we
sent: it answers a letter of ours, or came to the case's own address."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from server.cases.models import Case, CaseMessage
from server.cases.turns import STANDS
from server.channels.apart import is_own
from server.channels.outgoing import is_writable
from server.channels.queries import own_addresses
from server.identity.forms import MAIL, parse_email
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.text import _

MOST = 20


def offered_copies(case: Case) -> list[str]:
    """Whom the customer's newest letter was for beside us, and who wrote it when that was not the requester."""
    return [] if case.is_chat else _others(case, case.read_along)[:MOST]


def named_copies(case: Case) -> list[str]:
    """Whom it names besides, although nobody knows whether it is theirs: one press adds them."""
    return [] if case.is_chat else _others(case, case.named_along)[:MOST]


async def keep_copies(
    tx: Tx, case: Case, address: str, copies: Sequence[str], own: Collection[str], is_proved: bool
) -> None:
    """Of the letter that came last. Never an address of ours (`own`), which would write to us again; nobody twice."""
    named = [one for one in dict.fromkeys([address, *copies]) if not is_own(one, own) and _may_be_written(one)]
    known = set(named) if is_proved or not _others(case, named) else await _readers(tx, case)
    case.read_along = [one for one in named if one in known]
    case.named_along = [one for one in named if one not in known]


async def find_copies(tx: Tx, case: Case, own: Collection[str]) -> None:
    """Anew, when messages of the case came or went."""
    letters = select(CaseMessage.address, CaseMessage.copies, CaseMessage.is_proved).where(
        CaseMessage.case_id == case.id, CaseMessage.state == "in", CaseMessage.via == "email"
    )
    last = (await tx.execute(letters.order_by(CaseMessage.n.desc()).limit(1))).one_or_none()
    address, copies, is_proved = last or ("", [], False)
    await keep_copies(tx, case, address, copies, own, is_proved)


async def _readers(tx: Tx, case: Case) -> set[str]:
    """Whom our replies in this case went to, and whom proved letters named."""
    told = select(CaseMessage.address, CaseMessage.copies).where(
        CaseMessage.case_id == case.id, CaseMessage.state.in_(STANDS) | CaseMessage.is_proved
    )
    return {one for address, copies in await tx.execute(told) for one in (address, *copies)}


async def parse_copies(tx: Tx, case: Case, raw: Sequence[str]) -> list[str]:
    if len(raw) > MOST:
        raise Invalid(copies=_("At most %(n)s people in copy") % {"n": MOST})
    try:
        addresses = [parse_email(one) for one in raw]
        own = await own_addresses(tx, case.workspace_id) if addresses else ()
        return [one for one in _others(case, addresses) if not is_own(one, own) and is_writable(one)]
    except Invalid as error:
        raise Invalid(copies=error.message) from error


def _may_be_written(one: str) -> bool:
    """Whom nobody could name by hand, such as root@localhost, is not offered either."""
    return MAIL.match(one) is not None and is_writable(one)


def _others(case: Case, addresses: Sequence[str]) -> list[str]:
    asks = requesters(case)
    return [one for one in dict.fromkeys(addresses) if one not in asks]


def requesters(case: Case) -> set[str]:
    """Every address that the requester is known by."""
    return {case.address, *(point["value"].lower() for point in case.contact.emails)}
