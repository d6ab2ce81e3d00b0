"""The verbs of the customers' side. Each changes rows and announces facts; none commits, none knows HTTP."""

from collections.abc import Sequence

from sqlalchemy import func, select

from server.cases.actions import open_case
from server.cases.forms import parse_body
from server.cases.models import Case, CaseFile, CaseMessage
from server.cases.replies import receive
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.passes import make_pass, revoke_passes
from server.kit.text import _, clean
from server.portal import events as facts
from server.portal.access import Visit, may_rate, seen_by_customer
from server.portal.forms import parse_stars
from server.portal.models import CaseRating, CaseSide, PublicAct
from server.portal.queries import goes_on_in

LINK_HOURS = 60 * 24
WORDS = 2000


async def open_side(tx: Tx, case: Case) -> CaseSide:
    """The row of a case's customer's side, made when it is first needed."""
    side = await tx.get(CaseSide, case.id, populate_existing=True)
    if side is None:
        side = CaseSide(case_id=case.id, workspace_id=case.workspace_id, customer_n=0, team_n=0, page="", page_title="")
        side.source = side.medium = side.campaign = side.referrer = ""
        tx.add(side)
        await tx.flush()
    return side


async def give_pass(tx: Tx, case: Case, language: str, hours: float = LINK_HOURS) -> str:
    """A token that opens this one case and its customer's topic; it is told this once."""
    house, scope = system(case.workspace_id), [case.customer_topic]
    made = make_pass(tx, house, "customer", case.ref, scope, name="", language=language, hours=hours)
    return (await made)[1]


async def make_link(tx: Tx, who: Principal, case: Case, language: str) -> str:
    token = await give_pass(tx, case, language)
    emit(tx, who, facts.CaseShared(subject=case.ref, about=case.about))
    return token


async def take_back_links(tx: Tx, who: Principal, case: Case) -> None:
    """Also those that stand in letters: whoever listens with one is cut off."""
    await revoke_passes(tx, case.workspace_id, [case.ref])
    emit(tx, who, facts.CaseUnshared(subject=case.ref, about=case.about))


async def is_known(tx: Tx, scope: str, key: str) -> PublicAct | None:
    return await tx.get(PublicAct, (scope, key)) if key else None


def note_act(tx: Tx, scope: str, key: str, case: Case) -> None:
    if key:
        tx.add(PublicAct(scope=scope, key=key, case_id=case.id, at=now()))


async def say(tx: Tx, at: Visit, raw: str, files: Sequence[CaseFile], key: str, via: str) -> CaseMessage | None:
    """A message of the customer; None when its key was used before. Files alone are enough. What is closed stays so:
    they go on in a new case that names it."""
    if await is_known(tx, at.case.ref, key) is not None:
        return None
    body = clean(raw, 50_000) or (_("(files)") if files else "")
    first = select(CaseMessage.sender).where(CaseMessage.case_id == at.case.id, CaseMessage.state == "in")
    sender = await tx.scalar(first.order_by(CaseMessage.n).limit(1)) or ""  # as they called themselves: it is a claim
    values = {"via": via, "sender": sender, "body": parse_body(body)}
    case = await goes_on_in(tx, at.case) or await _go_on(tx, at)
    message = await receive(tx, at.house, case, values, files)
    note_act(tx, at.case.ref, key, case)
    return message


async def _go_on(tx: Tx, at: Visit) -> Case:
    old = at.case
    case = await open_case(tx, at.house, old.contact, old.subject, old.channel, old.address, via=old.via)
    case.follows, case.is_proved, case.language = old.number, old.is_proved, old.language
    await tell_in(tx, case, old)
    return case


async def tell_in(tx: Tx, case: Case, where: Case) -> None:
    """What is said in `case` is shown to its customer where the conversation began, too."""
    begun = await tx.get(CaseSide, where.id)
    side = await open_side(tx, case)
    side.told_in_id = (begun.told_in_id if begun else None) or where.id
    await tx.flush()


async def read(tx: Tx, who: Principal, case: Case, by: str, n: int) -> None:
    """`by`: customer | team. Only forwards, and never beyond what was said."""
    side, n = await open_side(tx, case), min(n, case.said_n)
    if n <= (side.customer_n if by == "customer" else side.team_n):
        return
    if by == "customer":
        side.customer_n, side.customer_at = n, now()
        upto = select(func.max(CaseMessage.id)).where(CaseMessage.case_id == case.id, CaseMessage.n <= n)
        side.customer_last = await tx.scalar(upto) or 0
    else:
        side.team_n = n
    await tx.flush()
    emit(tx, who, facts.SideRead(subject=f"side:{case.id}", about=case.about, side=by, n=n))


async def read_parts(tx: Tx, at: Visit, upto: int) -> None:
    """Of the other parts of the conversation that are shown there: as far as the message with the id `upto`."""
    told_here = select(CaseSide.case_id).where(CaseSide.told_in_id == at.case.id)
    shown = CaseMessage.case_id.in_(told_here), seen_by_customer(), CaseMessage.id <= upto
    newest = select(CaseMessage.case_id, func.max(CaseMessage.n)).where(*shown).group_by(CaseMessage.case_id)
    for case_id, n in (await tx.execute(newest.order_by(CaseMessage.case_id))).all():
        await read(tx, at.house, await tx.get_one(Case, case_id), "customer", n)


async def go_to(tx: Tx, at: Visit, page: str, title: str) -> None:
    """The page of the site that the visitor is on, as their browser says."""
    side = await open_side(tx, at.case)
    if (side.page, side.page_title) == (page, title):
        return
    side.page, side.page_title, side.page_at = page, title, now()
    await tx.flush()
    emit(tx, at.house, facts.SideMoved(subject=f"side:{at.case.id}", about=at.case.about))


async def rate(tx: Tx, at: Visit, stars: object, words: str) -> CaseRating:
    if not may_rate(at.case):
        raise Invalid(stars=_("How it was is asked once it is solved, and for thirty days"))
    rating = await tx.get(CaseRating, at.case.id)
    if rating is None:
        rating = CaseRating(case_id=at.case.id, workspace_id=at.case.workspace_id)
        tx.add(rating)
    rating.stars, rating.words, rating.at = parse_stars(stars), clean(words, WORDS), now()
    at.case.version += 1
    await tx.flush()
    fact = facts.CaseRated(subject=at.case.ref, about=at.case.about, stars=rating.stars, words=rating.words[:300])
    emit(tx, at.house, fact)
    return rating
