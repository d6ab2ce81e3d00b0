"""Letters that answer events leave by their channel's own way, are tried again, and say what became of them."""

from email.message import EmailMessage

from sqlalchemy import select

from server.automation import events as facts
from server.automation.models import EventLetter
from server.channels.accounts import mailer_of
from server.channels.models import Channel
from server.channels.outgoing import Outgoing, compose
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import emit
from server.kit.jobs import Work, job
from server.kit.mail import Mailer, NotTaken
from server.kit.outbound import Unreachable
from server.kit.text import speaking

TRIES = 5


@job("automation.letter", attempts=TRIES + 1)
async def send(work: Work) -> None:
    """Its Message-ID is the key: a second try after a crash is the same letter."""
    async with work.database.transaction(read=True) as tx:
        letter = await tx.get(EventLetter, work.args["letter"])
        if letter is None or letter.state != "sending":
            return
        channel = await tx.get_one(Channel, letter.channel_id)
        mailer = await mailer_of(tx, channel, work.services)
    problem = await _post(work, mailer, channel, letter)
    async with work.database.transaction() as tx:
        await _settle(tx, letter.id, problem)


async def _post(work: Work, mailer: Mailer, channel: Channel, letter: EventLetter) -> str:
    """A word for what went wrong for good; empty when it left. Raises for what may go better later."""
    if not mailer.is_real:
        return "no_server"
    try:
        written = _written(channel, letter)
    except ValueError:
        return "unwritable"
    try:
        await mailer.post(written)
    except OSError as error:
        async with work.database.transaction() as tx:
            again = await tx.get_one(EventLetter, letter.id)
            again.attempts += 1
            tries = again.attempts
        if tries < TRIES and not (isinstance(error, NotTaken) and error.is_final):
            raise
        return error.why if isinstance(error, Unreachable) else "not_taken"
    return ""


def _written(channel: Channel, letter: EventLetter) -> EmailMessage:
    with speaking(letter.language):
        return compose(
            Outgoing(
                sender=(channel.name, channel.address),
                to=[(letter.name, letter.address)],
                subject=letter.subject,
                body=letter.body,
                signature=channel.signature,
                message_id=letter.message_id,
                references=(),
                at=now(),
                is_automatic=True,
                language=letter.language,
            )
        )


async def _settle(tx: Tx, letter_id: int, problem: str) -> None:
    letter = await tx.scalar(select(EventLetter).where(EventLetter.id == letter_id))
    if letter is None or letter.state != "sending":  # its record was erased meanwhile, or it is back already
        return
    letter.state, letter.problem = ("failed" if problem else "sent"), problem
    who, place = system(letter.workspace_id), {"subject": letter.happening, "about": letter.about}
    if problem:
        emit(tx, who, facts.LetterFailed(**place, letter=letter.id, problem=problem))
    else:
        emit(tx, who, facts.LetterSent(**place, letter=letter.id))
