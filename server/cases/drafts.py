"""What somebody has begun to write. Who saves names the text they have seen by its mark, so that an open page does not
overwrite what came there by another way: a reply that was taken back, a merge, a second window."""

from sqlalchemy import select

from server.cases.models import Case, CaseDraft, new_mark
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx, one_at_a_time
from server.kit.errors import Conflict
from server.kit.text import _, clean

DRAFT_BREAK = "\n\n"  # between two drafts that become one


async def _draft(tx: Tx, case_id: int, user_id: int | None, kind: str) -> CaseDraft | None:
    """Two windows may begin it at the same moment: the second waits and finds what the first wrote."""
    await one_at_a_time(tx, f"draft {case_id} {user_id} {kind}")
    mine = CaseDraft.case_id == case_id, CaseDraft.user_id == user_id, CaseDraft.kind == kind
    draft: CaseDraft | None = await tx.scalar(select(CaseDraft).where(*mine).with_for_update())
    return draft


def together(first: str, second: str) -> str:
    """Neither is lost, and nothing stands there twice."""
    if second in first:
        return first
    return second if first in second else f"{first}{DRAFT_BREAK}{second}"


async def save_draft(tx: Tx, who: Principal, case: Case, kind: str, raw: str, seen: str, *, is_last: bool) -> str:
    """Without a fact: nothing has happened yet. Gives the new mark. When another text stands there than the one that
    was `seen`, Conflict brings it; with the last words of a page that goes away (`is_last`), both are kept."""
    text, there = clean(raw, 50_000), await _draft(tx, case.id, who.user_id, kind)
    if there is not None and there.mark != seen and text != there.text:
        if not is_last:
            raise Conflict(_("This text was changed elsewhere"), {"text": there.text, "mark": there.mark})
        text = together(there.text, text)
    if not text or who.user_id is None:
        if there is not None:
            await tx.delete(there)
        return ""
    if there is None:
        there = await _begin(tx, case, who.user_id, kind, text)
    elif there.text != text:
        there.text, there.mark, there.at = text, new_mark(), now()
    await tx.flush()
    return there.mark


async def _begin(tx: Tx, case: Case, user_id: int, kind: str, text: str) -> CaseDraft:
    draft = CaseDraft(case_id=case.id, user_id=user_id, kind=kind, text=text, mark=new_mark(), at=now())
    tx.add(draft)
    await tx.flush()
    return draft


async def drop_draft(tx: Tx, who: Principal, case: Case, kind: str, sent: str, seen: str) -> None:
    """Its text was sent. One that the writer has not seen (`seen` is another's mark) and that is not in it stays."""
    there = await _draft(tx, case.id, who.user_id, kind)
    if there is not None and (there.mark == seen or there.text in sent):
        await tx.delete(there)
    await tx.flush()


async def restore_draft(tx: Tx, case: Case, user_id: int, text: str) -> None:
    """Words that were taken back stand before what was begun since."""
    there = await _draft(tx, case.id, user_id, "reply")
    if there is None:
        await _begin(tx, case, user_id, "reply", text)
    else:
        there.text, there.mark, there.at = f"{text}{DRAFT_BREAK}{there.text}", new_mark(), now()


async def move_drafts(tx: Tx, case: Case, into: Case) -> None:
    for draft in list(await tx.scalars(select(CaseDraft).where(CaseDraft.case_id == case.id))):
        there = await _draft(tx, into.id, draft.user_id, draft.kind)
        if there is None:
            draft.case_id = into.id
        else:
            there.text, there.mark = f"{there.text}{DRAFT_BREAK}{draft.text}", new_mark()
            await tx.delete(draft)
    await tx.flush()
