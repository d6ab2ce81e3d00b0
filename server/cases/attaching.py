"""Files of a reply that is being written: they stay with its writer's draft until it is sent, or again when it is
taken back."""

from dataclasses import dataclass

from sqlalchemy import func, select

from server.cases.drafts import restore_draft
from server.cases.models import Case, CaseDraftFile, CaseFile, CaseMessage
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.files import safe_name
from server.kit.text import _

LARGEST = 25 * 1024 * 1024  # all together: mail servers take no more
MOST = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """On the disk already."""

    name: str
    size: int
    type: str
    key: str


async def attach(tx: Tx, who: Principal, case: Case, stored: list[Stored]) -> None:
    """Without a fact: nothing has happened yet."""
    mine = CaseDraftFile.case_id == case.id, CaseDraftFile.user_id == who.user_id
    counted = select(func.count(), func.coalesce(func.sum(CaseDraftFile.size), 0)).where(*mine)
    number, size = (await tx.execute(counted)).one()
    if not stored:
        raise Invalid(files=_("Choose a file"))
    if size + sum(one.size for one in stored) > LARGEST:
        raise Invalid(files=_("At most %(n)s MB together, or mail servers send it back") % {"n": LARGEST // 1024**2})
    if number + len(stored) > MOST:
        raise Invalid(files=_("At most %(n)s files") % {"n": MOST})
    for one in stored:
        values = {"name": safe_name(one.name), "size": one.size, "type": one.type, "key": one.key}
        tx.add(CaseDraftFile(case_id=case.id, user_id=who.user_id, at=now(), **values))
    await tx.flush()


async def attached(tx: Tx, who: Principal, case: Case) -> list[CaseDraftFile]:
    mine = select(CaseDraftFile).where(CaseDraftFile.case_id == case.id, CaseDraftFile.user_id == who.user_id)
    return list(await tx.scalars(mine.order_by(CaseDraftFile.id)))


async def detach(tx: Tx, who: Principal, case: Case, file_id: int) -> None:
    found = next((one for one in await attached(tx, who, case) if one.id == file_id), None)
    if found is None:
        raise NotFound(_("No such file"))
    await tx.delete(found)
    await tx.flush()


async def take_attached(tx: Tx, who: Principal, case: Case) -> list[CaseFile]:
    """What goes with the reply that is written now."""
    files = await attached(tx, who, case)
    for one in files:
        await tx.delete(one)
    return [CaseFile(name=one.name, size=one.size, type=one.type, key=one.key) for one in files]


async def give_back(tx: Tx, case: Case, message: CaseMessage) -> None:
    """The reply was taken back, by whomever: its words and files are its writer's draft again, before what they have
    begun to write since."""
    if message.author_id is None:
        return
    await restore_draft(tx, case, message.author_id, message.body)
    for one in await tx.scalars(select(CaseFile).where(CaseFile.message_id == message.id)):
        values = {"name": one.name, "size": one.size, "type": one.type, "key": one.key}
        tx.add(CaseDraftFile(case_id=case.id, user_id=message.author_id, at=now(), **values))
        await tx.delete(one)
    await tx.flush()
