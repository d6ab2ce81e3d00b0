"""The only door to cases: those of the workspace, without what belongs to closed or trashed records."""

from typing import Literal

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from server.cases.models import Case, CaseFile, CaseMessage, Macro
from server.contacts.access import OPEN_COMPANY, trashed_abouts
from server.kit.access import Principal, allowed, prepared
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid, NotFound
from server.kit.text import _

Verb = Literal["see", "write"]
WHOLE = (
    joinedload(Case.contact).options(OPEN_COMPANY),
    joinedload(Case.channel),
    joinedload(Case.team),
    joinedload(Case.assignee),
    joinedload(Case.claimed_by),
)


def visible_cases(who: Principal) -> Select[Case]:
    return select(Case).where(
        Case.workspace_id == who.workspace_id, allowed(who, Case.about), Case.about.not_in(trashed_abouts(who))
    )


def may(who: Principal, verb: Verb) -> bool:
    return verb == "see" or who.may_write


@prepared
def _one_case(who: Principal, *, lock: bool) -> Select[Case]:
    one = visible_cases(who).where(Case.id == bindparam("case_id")).options(*WHOLE)
    return one.with_for_update(of=Case) if lock else one


async def get_case(tx: Tx, who: Principal, case_id: int, to: Verb = "see") -> Case:
    """With its people. To write, the row is locked until the transaction ends: replies to a case come one by one."""
    statement = _one_case(who, lock=to != "see" and not tx.info.get("read"))
    case = await tx.scalar(statement, {"case_id": case_id, **who.params})
    if case is None:
        raise NotFound(_("No such case"))
    if not may(who, to):
        raise Forbidden(_("You may not do this to the case"))
    if to == "write" and case.merged_into_id is not None:
        raise Invalid(_("This case was merged into another. Go on there"))
    return case


def visible_messages(who: Principal) -> Select[CaseMessage]:
    seen = visible_cases(who).where(Case.id == CaseMessage.case_id).exists()
    whole = joinedload(CaseMessage.author), selectinload(CaseMessage.files)
    return select(CaseMessage).where(CaseMessage.workspace_id == who.workspace_id, seen).options(*whole)


async def get_message(tx: Tx, who: Principal, case: Case, message_id: int) -> CaseMessage:
    found = visible_messages(who).where(CaseMessage.id == message_id, CaseMessage.case_id == case.id)
    message = await tx.scalar(found)
    if message is None:
        raise NotFound(_("No such message"))
    return message


async def get_file(tx: Tx, who: Principal, file_id: int) -> CaseFile:
    held = visible_messages(who).where(CaseMessage.id == CaseFile.message_id).exists()
    file = await tx.scalar(select(CaseFile).where(CaseFile.id == file_id, held))
    if file is None:
        raise NotFound(_("No such file"))
    return file


def visible_macros(who: Principal) -> Select[Macro]:
    return select(Macro).where(Macro.workspace_id == who.workspace_id)


def may_change_macros(who: Principal) -> bool:
    return who.is_at_least("manager")


async def get_macro(tx: Tx, who: Principal, macro_id: int, to: Literal["see", "change"] = "see") -> Macro:
    macro = await tx.scalar(visible_macros(who).where(Macro.id == macro_id))
    if macro is None:
        raise NotFound(_("No such macro"))
    if to == "change" and not may_change_macros(who):
        raise Forbidden(_("Only managers and admins change macros"))
    return macro


async def may_hear_case(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """case:<id>:team, for members alone; one query for all."""
    wanted = {rest: rest.removesuffix(":team") for rest in rests if rest.endswith(":team")}
    ids = {int(id) for id in wanted.values() if id.isascii() and id.isdigit() and len(id) < 18}
    if not ids or who.kind != "member":
        return set()
    found = {str(id) for id in await tx.scalars(visible_cases(who).with_only_columns(Case.id).where(Case.id.in_(ids)))}
    return {rest for rest, id in wanted.items() if id in found}


async def may_hear_cases(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """cases:<workspace>; cases of closed records are never announced there."""
    return rests & {str(who.workspace_id)}
