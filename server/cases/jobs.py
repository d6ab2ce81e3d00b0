"""What cases do as time passes: replies leave, snoozed cases come back, claims run out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import anyio
from sqlalchemy import select

from server.cases import events as facts
from server.cases.access import WHOLE, visible_cases
from server.cases.actions import set_status, tell
from server.cases.claims import release_case
from server.cases.departures import hold_reply, leave
from server.cases.models import Case, CaseFile, CaseMessage
from server.cases.queries import references_of
from server.cases.turns import note_unsent
from server.channels.accounts import mailer_of
from server.channels.apart import APART, address_apart
from server.channels.incoming import Attachment
from server.channels.models import Channel
from server.channels.outgoing import Outgoing, answer_subject, as_sent, compose
from server.channels.queries import letters_from
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import Work, job
from server.kit.logging import log
from server.kit.mail import Mailer, NotTaken, PartlyTaken
from server.kit.outbound import Unreachable
from server.kit.text import LANGUAGES, speaking
from server.kit.unsent import unreached

TRIES = 5
WOKEN = 100  # cases at a time
Foot = Callable[[Work, Case], Awaitable[tuple[str, str]]]
FEET: list[Foot] = []  # what others put under a letter: words and an address


async def give_up(work: Work) -> None:
    """Nothing is on its way for ever: what could not even be tried says so, and its writer is told."""
    await _settle(work, work.args["message"], "gave_up", False)


@job("cases.send", attempts=TRIES + 1, parked=give_up)
async def send(work: Work) -> None:
    """Hands a reply to the mail server. Its Message-ID is the key: a second try after a crash is the same letter."""
    if not await _begin(work):
        return
    async with work.database.transaction(read=True) as tx:
        message = await tx.get_one(CaseMessage, work.args["message"])
        case = (await tx.scalars(select(Case).where(Case.id == message.case_id).options(*WHOLE))).one()
        before = await references_of(tx, case.id)
        channel = await letters_from(tx, system(case.workspace_id), case.channel)
        assert channel is not None, "a reply has a channel: answer_case saw to it"
        mailer = await mailer_of(tx, channel, work.services)
        speaks = await language_of(tx, case, channel)
        files = list(await tx.scalars(select(CaseFile).where(CaseFile.message_id == message.id).order_by(CaseFile.id)))
    if channel.kind == "webhook":  # who bridges the other messenger was told by the fact that it was answered
        return await _settle(work, message.id, "", True)
    with speaking(speaks):  # what opens the requester's own page is for nobody who only reads along
        link = None if message.copies else next(iter([await foot(work, case) for foot in FEET]), None)
    letter = Outgoing(
        sender=(channel.name, channel.address),
        to=[(case.contact.name, message.address)],
        subject=answer_subject(case.subject, case.number),
        body=message.body,
        signature=channel.signature,
        message_id=message.message_id,
        references=before,
        at=now(),
        cc=[("", one) for one in message.copies],
        reply_to=address_apart(channel.address, case.key) if channel.options.get(APART) else "",
        is_automatic=message.author_id is None,
        link=link,
        language=speaks,
        attachments=[Attachment(one.name, await read_file(work, one)) for one in files],
    )
    problem, reached = await _post(work, mailer, letter, message)
    await _settle(work, message.id, problem, reached)


async def language_of(tx: Tx, case: Case, channel: Channel) -> str:
    """In which the house's own words in a letter stand: the customer's, else the address's, else the workspace's."""
    workspace = await tx.get_one(Workspace, case.workspace_id)
    spoken = (code[:2] for code in (case.language, channel.language, workspace.language))
    return next((code for code in spoken if code in LANGUAGES), LANGUAGES[0])


async def _begin(work: Work) -> bool:
    """From here on nobody takes it back. The case's row is locked, as by whoever does, so that one of both is first; a
    reply that a killed process left on its way goes again."""
    async with work.database.transaction() as tx:
        of_message = select(CaseMessage.case_id).where(CaseMessage.id == work.args["message"]).scalar_subquery()
        locked = select(Case).where(Case.id == of_message).options(*WHOLE).with_for_update(of=Case)
        case: Case | None = await tx.scalar(locked)
        message = await tx.get(CaseMessage, work.args["message"])
        if case is None or message is None or message.state not in ("scheduled", "sending", "leaving"):
            return False
        if message.send_at != (datetime.fromisoformat(at) if (at := work.args.get("at")) else None):
            return False  # another moment was chosen since; that one's job sends it
        who = system(message.workspace_id)
        if message.state == "scheduled":
            is_gone = await tx.scalar(visible_cases(who).where(Case.id == case.id)) is None  # into the trash
            if is_gone or case.is_claimed(message.author_id, now()):  # a colleague answers: there is one answer
                await hold_reply(tx, who, case, message, "trash" if is_gone else "claimed")
                return False
            await leave(tx, replace(who, user_id=message.author_id), case, message)
        if message.state != "leaving":
            message.state = "leaving"
            case.version += 1
            tell(tx, who, case, facts.CaseLeaving, message=message.id)
        return True


async def read_file(work: Work, file: CaseFile) -> bytes:
    return await anyio.Path(work.services.files.path(file.key)).read_bytes()


async def _post(work: Work, mailer: Mailer, letter: Outgoing, message: CaseMessage) -> tuple[str, bool]:
    """What went wrong for good, in a word of kit/unsent.py, and whether it left for the customer all the same. Raises
    for what may go better later."""
    if not mailer.is_real:
        return "no_server", False
    try:
        written = compose(letter)
    except ValueError:
        return "unwritable", False
    try:
        await mailer.post(written)
    except PartlyTaken as error:  # never again: it would go twice to those who have it
        if as_sent(message.address) in error.refused:
            return "not_taken", False
        return unreached([one for one in message.copies if as_sent(one) in error.refused], "not_taken"), True
    except OSError as error:
        log.warning("case.not_sent", message=message.id, why=repr(error)[:200])
        async with work.database.transaction() as tx:
            again = await tx.get_one(CaseMessage, message.id)
            again.attempts += 1
            is_later = again.attempts < TRIES and not (isinstance(error, NotTaken) and error.is_final)
            if is_later:
                again.state = "sending"  # it did not leave: until the next try it may be taken back
        if is_later:
            raise
        return error.why if isinstance(error, Unreachable) else "not_taken", False
    return "", True


async def _settle(work: Work, message_id: int, problem: str, reached: bool) -> None:
    async with work.database.transaction() as tx:
        of_message = select(CaseMessage.case_id).where(CaseMessage.id == message_id).scalar_subquery()
        case = (
            await tx.scalars(select(Case).where(Case.id == of_message).options(*WHOLE).with_for_update(of=Case))
        ).one()
        message = await tx.get_one(CaseMessage, message_id)
        if message.state != "leaving":  # a report that it did not arrive was faster
            return
        who = system(case.workspace_id)
        if reached:
            message.state = "sent"
            tell(tx, who, case, facts.CaseSent, message=message.id)
        if problem:
            await note_unsent(tx, who, case, message, problem, reached=reached)


@job("cases.wake", every=timedelta(minutes=1))
async def wake(work: Work) -> None:
    """Snoozed cases whose moment has come are ours again."""
    async with work.database.transaction() as tx:
        due = select(Case).where(Case.snoozed_until <= now(), Case.status == "snoozed").limit(WOKEN)
        for case in await tx.scalars(due.with_for_update(skip_locked=True)):
            await set_status(tx, system(case.workspace_id), case, "open")


@job("cases.release", every=timedelta(minutes=1))
async def release(work: Work) -> None:
    """Claims whose time is over. They bind nobody from that moment on; this takes them off the screens."""
    async with work.database.transaction() as tx:
        over = select(Case).where(Case.claimed_until <= now()).limit(WOKEN)
        for case in await tx.scalars(over.with_for_update(skip_locked=True)):
            await release_case(tx, system(case.workspace_id), case)
