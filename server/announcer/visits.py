"""What a caller of the line brings about: a call, its ringing, who they are, a message, a wish to be called back."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from server.announcer import events as facts
from server.announcer.models import Line, LineCall
from server.announcer.pins import note_right, task_for
from server.announcer.queries import SOON, anonymous_now
from server.announcer.routing import addressees
from server.announcer.script import Option
from server.calls import hosting, rings
from server.calls.actions import by, end_call, go_out, look_later, tell
from server.calls.forms import parse_guest_name
from server.calls.guests import PASS_HOURS
from server.calls.models import Call, Participant
from server.contacts.access import get_record
from server.contacts.models import Contact
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import NotFound, TooMany
from server.kit.passes import make_pass
from server.kit.text import _, speaking


@dataclass(frozen=True, slots=True)
class Caller:
    """As the public page gives them. `contact`: proved by a signed link."""

    name: str
    language: str
    contact: Contact | None = None


async def begin(tx: Tx, line: Line, caller: Caller, at_once: int) -> tuple[Call, Participant, str]:
    """A call of nobody's, or of the record that a link has proved; the token of its pass is told this once."""
    if caller.contact is None and await anonymous_now(tx, line.workspace_id) >= at_once:
        raise TooMany(_("All lines are taken. Leave us a message below, and we call you back."))
    if caller.contact is not None:
        await _one_at_a_time(tx, line, caller.contact)
    workspace = await tx.get_one(Workspace, line.workspace_id)
    with speaking(workspace.language):
        unknown = _("Caller")
    name = caller.contact.name if caller.contact else parse_guest_name(caller.name) if caller.name.strip() else unknown
    call = Call(
        workspace_id=line.workspace_id,
        room=secrets.token_hex(16),
        kind="audio",
        direction="in",
        about=caller.contact.about if caller.contact else "",
        started_at=now(),
        attended=True,
    )
    tx.add(call)
    await tx.flush()
    one = Participant(call_id=call.id, user_id=None, link_id=None, name=name, is_host=False, is_admitted=True)
    tx.add(one)
    await tx.flush()
    proof = "link" if caller.contact else ""
    visit = LineCall(call_id=call.id, line_id=line.id, participant_id=one.id, language=caller.language, proof=proof)
    visit.said_name = "" if caller.contact else caller.name.strip()
    tx.add(visit)
    house = system(call.workspace_id)
    scope = [f"{call.subject}:all"]
    _row, token = await make_pass(
        tx, house, "guest", one.subject, scope, name=name, language=caller.language, hours=PASS_HOURS
    )
    tell(tx, by(call, one), call, facts.LineCalled, name=name, proof=proof)
    look_later(tx, call, SOON + timedelta(minutes=5))
    return call, one, token


async def _one_at_a_time(tx: Tx, line: Line, contact: Contact) -> None:
    """Whoever has the link, and however often they press: one call. One that its caller has left is over by that."""
    await tx.execute(select(Line.id).where(Line.id == line.id).with_for_update())
    going = (
        select(Call, Participant.is_here)
        .join(LineCall, LineCall.call_id == Call.id)
        .join(Participant, Participant.id == LineCall.participant_id)
        .where(LineCall.line_id == line.id, Call.about == contact.about, Call.ended_at.is_(None))
    )
    for call, is_here in (await tx.execute(going.order_by(Call.id))).all():
        if is_here or call.started_at > now() - SOON:
            raise TooMany(_("A call of yours goes on already. Hang up there first, or try again in a moment."))
        await end_call(tx, system(call.workspace_id), call, "empty")


async def visit_of(tx: Tx, call_id: int) -> tuple[LineCall, Call, Participant]:
    """Locked until the transaction ends. NotFound when the call is over."""
    call = await tx.scalar(select(Call).where(Call.id == call_id, Call.ended_at.is_(None)).with_for_update())
    if call is None:
        raise NotFound
    visit = await tx.get_one(LineCall, call_id)
    return visit, call, await tx.get_one(Participant, visit.participant_id)


async def ring(tx: Tx, call_id: int, option: Option) -> None:
    """Rings whom the choice leads to, of those who may see what the call is about."""
    visit, call, one = await visit_of(tx, call_id)
    wants, names = await addressees(tx, visit, call, option)
    visit.wants, visit.chosen, visit.queued_at = wants, option.label, visit.queued_at or now()
    team = int(wants[5:]) if wants.startswith("team:") else None
    await rings.ring(tx, call, await rings.who_may_come(tx, call, names), team)
    tell(tx, by(call, one), call, facts.LineChosen, label=option.label)


async def unring(tx: Tx, call_id: int, state: str = "missed") -> None:
    _visit, call, _one = await visit_of(tx, call_id)
    if await rings.stop_ringing(tx, call, state):
        tell(tx, system(call.workspace_id), call, facts.LineRang)


async def ring_freed(tx: Tx, call_id: int) -> None:
    _visit, call, _one = await visit_of(tx, call_id)
    if await rings.ring_freed(tx, call):
        tell(tx, system(call.workspace_id), call, facts.LineRang)


async def identify(tx: Tx, call_id: int, contact_id: int) -> None:
    """By number and PIN: from now on the call is about their record."""
    visit, call, one = await visit_of(tx, call_id)
    contact = await tx.get_one(Contact, contact_id)
    await note_right(tx, contact_id)
    visit.proof, call.about, one.name = "pin", contact.about, contact.name
    call.version += 1
    tell(tx, by(call, one), call, facts.LineIdentified, proof="pin")


async def met(tx: Tx, call_id: int) -> None:
    """Somebody of the team is in it: the announcer steps back. The talk is another thing than a message, and is
    recorded only of those who are asked about it."""
    _visit, call, one = await visit_of(tx, call_id)
    call.attended = False
    await hosting.end_message(tx, call, one)
    await hosting.unhush(tx, call)
    if call.answered_at is None:  # who came in by the log has answered too
        here = select(Participant.user_id).where(Participant.call_id == call.id, Participant.user_id.is_not(None))
        call.answered_by, call.answered_at = await tx.scalar(here.order_by(Participant.id).limit(1)), now()
    if await rings.stop_ringing(tx, call, "over"):
        tell(tx, system(call.workspace_id), call, facts.LineRang)


async def begin_message(tx: Tx, call_id: int, words: str, language: str) -> None:
    """Recorded from now on, and a fact says the words they heard."""
    visit, call, one = await visit_of(tx, call_id)
    visit.message_at = now()
    await hosting.begin_message(tx, call, one, words, language)


async def end_message(tx: Tx, call_id: int) -> None:
    _visit, call, one = await visit_of(tx, call_id)
    await hosting.end_message(tx, call, one)


async def pause(tx: Tx, call_id: int) -> None:
    """While digits are typed."""
    _visit, call, _one = await visit_of(tx, call_id)
    await hosting.hush(tx, call)


async def go_on(tx: Tx, call_id: int) -> None:
    _visit, call, _one = await visit_of(tx, call_id)
    await hosting.unhush(tx, call)


async def attend(tx: Tx, call_id: int, records: bool) -> list[int]:
    """The talk begins, or begins anew where another process carried it: nothing of that one is left half done. A line
    records by itself once; what somebody has stopped since stays stopped. Who of us is in it already comes back."""
    visit, call, one = await visit_of(tx, call_id)
    await hosting.end_message(tx, call, one)
    await hosting.unhush(tx, call)
    is_first, visit.attended_at = visit.attended_at is None, now()
    if records and is_first and call.recording == "off":
        await hosting.record(tx, system(call.workspace_id), call, "on")
    here = select(Participant.id).where(Participant.call_id == call.id, Participant.user_id.is_not(None))
    return list(await tx.scalars(here.where(Participant.is_here)))


async def hang_up(tx: Tx, call_id: int, reason: str = "ended") -> None:
    """The caller has gone, or has heard all: the call is over for everybody."""
    _visit, call, one = await visit_of(tx, call_id)
    await go_out(tx, call, one, now(), "left")
    await end_call(tx, system(call.workspace_id), call, reason)


async def ask_back(tx: Tx, call_id: int) -> None:
    """A task of who looks after them."""
    visit, call, one = await visit_of(tx, call_id)
    tell(tx, by(call, one), call, facts.LineAsked)
    team, person = await whose(tx, visit, call)
    await task_for(tx, call.workspace_id, await titled(tx, call, one.name, "back"), call.about, team, person)


async def whose(tx: Tx, visit: LineCall, call: Call) -> tuple[int | None, int | None]:
    """(team, person) for what is left behind: who was wanted, else those of the record, else those of the line."""
    kind, _colon, number = visit.wants.partition(":")
    if kind in ("team", "user"):
        return (int(number), None) if kind == "team" else (None, int(number))
    if call.about:
        record_ = await get_record(tx, system(call.workspace_id), call.about)
        if record_.team_id or record_.owner_id:
            return record_.team_id, record_.owner_id
    line = await tx.get_one(Line, visit.line_id)
    return line.team_id, None


async def titled(tx: Tx, call: Call, name: str, what: str) -> str:
    """In the house's language."""
    workspace = await tx.get_one(Workspace, call.workspace_id)
    with speaking(workspace.language):
        sentence = _("Call %(name)s back: they asked for it") if what == "back" else _("Hear the message of %(name)s")
        return sentence % {"name": name}


async def leave_note(tx: Tx, line: Line, name: str, reach: str, text: str) -> None:
    """Written on the public page in place of a call. It proves nothing, so it is about no record."""
    workspace = await tx.get_one(Workspace, line.workspace_id)
    with speaking(workspace.language):
        title = _("Call %(name)s back: they wrote instead of calling") % {"name": name}
        notes = _("Reach them at: %(reach)s") % {"reach": reach}
    await task_for(tx, line.workspace_id, title, "", line.team_id, notes=f"{notes}\n\n{text}")
