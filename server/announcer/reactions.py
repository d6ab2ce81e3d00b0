"""What is left of a call by the line when it ends: a message, a missed call, or nothing."""

from server.announcer import events as facts
from server.announcer.models import LineCall
from server.announcer.pins import task_for
from server.announcer.visits import titled, whose
from server.calls.actions import by, tell
from server.calls.events import CallMissed
from server.calls.models import Call, Participant
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, reacts


@reacts("call.ended")
async def close(tx: Tx, row: EventRow) -> None:
    """A message is a task at once: its sound is mixed soon after. Who rang and left is a missed call."""
    visit = await tx.get(LineCall, subject_id(row.subject))
    if visit is None:
        return
    call, one = await tx.get_one(Call, visit.call_id), await tx.get_one(Participant, visit.participant_id)
    call.attended = False
    team, person = await whose(tx, visit, call)
    if visit.message_at is not None:
        title = await titled(tx, call, one.name, "message")
        await task_for(tx, call.workspace_id, title, call.about, team, person, call.url)
    elif visit.queued_at is not None and call.answered_at is None and call.missed_at is None:
        call.missed_at = now()
        tell(tx, system(call.workspace_id), call, CallMissed, team=team, owner=person)


@reacts("call.recorded")
async def show_message(tx: Tx, row: EventRow) -> None:
    """Now it can be played."""
    visit = await tx.get(LineCall, subject_id(row.subject))
    if visit is None or visit.message_at is None:
        return
    call, one = await tx.get_one(Call, visit.call_id), await tx.get_one(Participant, visit.participant_id)
    team, _person = await whose(tx, visit, call)
    said = {"name": one.name, "seconds": row.data["seconds"], "team": team}
    tell(tx, by(call, one), call, facts.VoicemailLeft, **said)
