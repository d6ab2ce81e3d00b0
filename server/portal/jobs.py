"""What the customers' side does later: links under letters, and rows that nobody needs any more."""

from datetime import timedelta

from sqlalchemy import delete, select

from server.cases.access import WHOLE
from server.cases.jobs import FEET
from server.cases.models import Case, CaseMessage
from server.channels.outgoing import new_message_id
from server.channels.queries import letters_from
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import Work, enqueue, job
from server.kit.passes import Pass
from server.kit.text import _, language
from server.portal.actions import give_pass
from server.portal.models import CaseSide, PublicAct

KEPT = timedelta(days=2)


async def link_under(work: Work, case: Case) -> tuple[str, str]:
    """Each letter has a link of its own: tokens are stored hashed and cannot be told again."""
    speaks = case.contact.language if case.contact.language in ("en", "es") else language()
    async with work.database.transaction() as tx:
        token = await give_pass(tx, case, speaks)
    return _("Read and answer on a page of its own:"), f"{work.services.settings.url}/p/case/{token}"


FEET.append(link_under)


@job("portal.mail")
async def mail(work: Work) -> None:
    """What was said in a chat and not read there goes by mail, when there is an address. It stays in the chat."""
    async with work.database.transaction() as tx:
        message = await tx.get(CaseMessage, work.args["message"])
        case = await tx.scalar(select(Case).where(Case.id == message.case_id).options(*WHOLE)) if message else None
        if message is None or case is None or message.state != "sent" or message.message_id or not case.address:
            return
        side, house = await tx.get(CaseSide, case.id), system(case.workspace_id)
        sender = await letters_from(tx, house, case.channel)
        if sender is None or (side is not None and await _was_read(tx, side, message)):
            return
        message.state, message.address = "sending", case.address
        message.message_id = new_message_id(sender.address)
        enqueue(tx, house, "cases.send", {"message": message.id})


async def _was_read(tx: Tx, side: CaseSide, message: CaseMessage) -> bool:
    """There, or before it was split off from where the conversation began."""
    begun = await tx.get(CaseSide, side.told_in_id) if side.told_in_id is not None else None
    return side.customer_n >= message.n or (begun is not None and begun.customer_last >= message.id)


@job("portal.prune", every=timedelta(hours=12))
async def prune(work: Work) -> None:
    async with work.database.transaction() as tx:
        await tx.execute(delete(PublicAct).where(PublicAct.at < now() - KEPT))
        await tx.execute(delete(Pass).where(Pass.kind == "customer", Pass.expires_at < now() - KEPT))
