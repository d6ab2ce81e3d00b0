"""What hosts do with people and the door, and what everybody says about being recorded."""

from typing import Literal

from server.calls import events as facts
from server.calls.access import LOBBY, guest_topic, must_be_open
from server.calls.actions import by, go_out, tell
from server.calls.models import Call, Participant
from server.calls.sentences import Shown
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.passes import change_scope, revoke_passes
from server.kit.text import _

RecordingState = Literal["off", "on", "paused"]


async def lock(tx: Tx, who: Principal, call: Call, on: bool) -> None:
    """Nobody new comes in; who was in it comes back."""
    must_be_open(call)
    if call.locked != on:
        call.locked = on
        _changed(tx, who, call, "locked", on)


def _changed(tx: Tx, who: Principal, call: Call, field: str, new: bool | str, one: Participant | None = None) -> None:
    call.version += 1
    text = new if isinstance(new, str) else "1" if new else ""
    about = {"participant": one.id, "name": one.name} if one is not None else {}
    tell(tx, who, call, facts.CallChanged, field=field, new=text, **about)


async def mute(tx: Tx, who: Principal, call: Call, one: Participant, on: bool) -> None:
    """Their sound goes to nobody until a host lets it."""
    must_be_open(call)
    if one.is_muted != on:
        one.is_muted = on
        _changed(tx, who, call, "muted", on, one)


async def hold(tx: Tx, who: Principal, call: Call, one: Participant, on: bool) -> None:
    """They neither hear nor are heard meanwhile."""
    must_be_open(call)
    if one.is_held != on:
        one.is_held = on
        _changed(tx, who, call, "held", on, one)


async def remove(tx: Tx, who: Principal, call: Call, one: Participant) -> None:
    """Out, for the rest of this call."""
    must_be_open(call)
    if one.user_id is not None and one.user_id == who.user_id:
        raise Invalid(_("Leave the call instead"))
    if not one.is_removed:
        one.is_removed = True
        _changed(tx, who, call, "removed", True, one)
        await go_out(tx, call, one, now(), "removed")
        await revoke_passes(tx, call.workspace_id, [one.subject])


async def admit(tx: Tx, who: Principal, call: Call, one: Participant) -> None:
    """From the lobby into the room; any member may."""
    must_be_open(call)
    if not one.is_admitted:
        one.is_admitted = True
        await change_scope(tx, call.workspace_id, one.subject, [call.subject + LOBBY, guest_topic(call, one)])
        _changed(tx, who, call, "admitted", True, one)


async def consent(tx: Tx, call: Call, one: Participant, shown: Shown | None) -> None:
    """One's own yes to the sentence that was shown, which is kept; without one it is a no."""
    must_be_open(call)
    answer, words = ("yes", shown.words) if shown else ("no", "")
    if one.consent == answer:
        return
    one.consent, one.consent_words, one.consent_at = answer, words, now()
    _consented(tx, call, one, answer, words, *((shown.name, shown.language) if shown else ()))


async def begin_message(tx: Tx, call: Call, one: Participant, words: str, language: str) -> None:
    """That they heard these words and speak is their yes, for this message alone."""
    one.message_at, one.message_until, call.secret = now(), None, False
    if one.consent != "yes":
        _consented(tx, call, one, "yes", words, "message", language)
    await record(tx, by(call, one), call, "on")


async def end_message(tx: Tx, call: Call, one: Participant) -> None:
    """Whatever ends it: what is said from now on is not recorded for that they left a message."""
    if one.is_leaving_message:
        one.message_until = now()
        await record(tx, system(call.workspace_id), call, "off")


def _consented(
    tx: Tx, call: Call, one: Participant, answer: str, words: str, sentence: str = "", language: str = ""
) -> None:
    call.version += 1
    said = {"participant": one.id, "name": one.name, "answer": answer, "words": words}
    tell(tx, by(call, one), call, facts.CallConsented, **said, sentence=sentence, language=language)


async def record(tx: Tx, who: Principal, call: Call, state: RecordingState) -> None:
    """On, paused or off, by hand. Nobody is recorded who has not said yes, and nothing while a PIN is typed: what is
    switched on meanwhile begins when that is over."""
    must_be_open(call)
    if state == "paused" and call.recording == "off":
        raise Invalid(state=_("Nothing is being recorded"))
    call.hushed = call.secret and state == "on"
    if call.hushed:
        state = "paused"
    if call.recording != state:
        call.recording = state
        _changed(tx, who, call, "recording", state)


async def hush(tx: Tx, call: Call) -> None:
    """Pauses what is being recorded, or would be, for what must not be in it."""
    call.secret = True
    if call.recording == "on":
        await record(tx, system(call.workspace_id), call, "on")


async def unhush(tx: Tx, call: Call) -> None:
    """Goes on with what waited for it; never with what people paused."""
    call.secret = False
    if call.hushed:
        await record(tx, system(call.workspace_id), call, "on")
