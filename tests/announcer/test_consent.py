"""What callers agreed to, and no more: a message is no talk, and digits are in no recording."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.calls.ports import Connected, Joined
from server.announcer import visits
from server.announcer.attending import Attendant
from server.announcer.desk import Announcer
from server.announcer.happenings import Do, Key
from server.calls.book import CallBook
from server.calls.mixes import is_agreed
from server.calls.models import Call, Part, Participant
from server.identity.passwords import Passwords
from server.kit.clock import now
from server.kit.errors import NotFound
from tests import make
from tests.announcer.callers import add_key, set_up
from tests.announcer.test_pins import Mute, attendant

Client = httpx.AsyncClient


@pytest.fixture
async def caller(app: Starlette, ana: Client) -> Attendant:
    """Of a line that records nobody by itself; 4 leads to number and PIN, 9 to a message."""
    path = await set_up(ana)
    await add_key(ana, "4", "self")
    await add_key(ana, "9", "voicemail")
    one = await attendant(app, path, Passwords())
    await CallBook(app.state.database).report([Joined(one.room, time.time(), one._call.participant_id)])
    await said(one, Connected(one.room, 0.0, one._call.participant_id))
    return one


async def said(one: Attendant, *what: Any) -> None:
    for each in what:
        await one._feed(each)


async def press(one: Attendant, digits: str) -> None:
    for digit in digits:
        await one._feed(Key(digit))


async def row(app: Starlette) -> Call:
    async with app.state.database.transaction(read=True) as tx:
        return await tx.get_one(Call, 1)


async def agreed(app: Starlette, one: Attendant) -> bool:
    wishes = await CallBook(app.state.database).wishes(one.room)
    return one._call.participant_id in wishes.consented


async def met(app: Starlette, ana: Client, one: Attendant) -> None:
    """Ana comes into the call."""
    assert (await ana.put("/calls/1/answer")).status_code == 200
    async with app.state.database.transaction(read=True) as tx:
        number = await tx.scalar(select(Participant.id).where(Participant.user_id == 1))
    await said(one, Connected(one.room, 0.0, number))


async def test_a_message_is_no_talk(app: Starlette, ana: Client, caller: Attendant) -> None:
    """Who left a message is asked anew before the talk that follows is recorded."""
    await press(caller, "9")
    assert ((await row(app)).recording, await agreed(app, caller)) == ("on", True)
    await met(app, ana, caller)
    assert ((await row(app)).recording, await agreed(app, caller)) == ("off", False)
    assert (await ana.put("/calls/1/recording", data={"state": "on"})).status_code == 200
    assert not await agreed(app, caller), "nobody has asked them yet"
    assert f"data-asked='[{caller._call.participant_id}]'" in (await ana.get("/calls/1")).text
    [fact] = [fact.data for fact in await make.facts(app, "call.consented")]
    assert fact["sentence"] == "message" and fact["language"] == "en" and "after the tone" in fact["words"]


async def test_digits_are_in_no_recording_and_it_goes_on_after_them(
    app: Starlette, ana: Client, caller: Attendant
) -> None:
    assert (await ana.put("/calls/1/recording", data={"state": "on"})).status_code == 200
    await press(caller, "4")
    assert (await row(app)).recording == "paused"
    await met(app, ana, caller)
    assert (await row(app)).recording == "on", "also when somebody comes in the midst of it"


async def test_what_people_paused_is_started_by_nobody_else(app: Starlette, ana: Client, caller: Attendant) -> None:
    await ana.put("/calls/1/recording", data={"state": "on"})
    await ana.put("/calls/1/recording", data={"state": "paused"})
    await press(caller, "4")
    await caller._do(Do("resume"))
    assert (await row(app)).recording == "paused"
    await ana.put("/calls/1/recording", data={"state": "on"})
    await caller._do(Do("pause"))
    await ana.put("/calls/1/recording", data={"state": "paused"})
    await met(app, ana, caller)
    assert (await row(app)).recording == "paused", "a hand has taken the pause over"


async def test_what_is_switched_on_while_a_pin_is_typed_waits_for_its_end(
    app: Starlette, ana: Client, caller: Attendant
) -> None:
    """Also where nothing had been recorded before, and by whatever hand."""
    await press(caller, "4")
    assert (await ana.put("/calls/1/recording", data={"state": "on"})).status_code == 200
    assert (await row(app)).recording == "paused"
    assert (await CallBook(app.state.database).wishes(caller.room)).recording == "paused"
    await ana.put("/calls/1/recording", data={"state": "on"})
    assert (await row(app)).recording == "paused", "pressed again, it still waits"
    await caller._do(Do("resume"))
    assert (await row(app)).recording == "on"
    await press(caller, "4")
    await ana.delete("/calls/1/recording")
    await caller._do(Do("resume"))
    assert (await row(app)).recording == "off", "what was stopped meanwhile stays so"


async def test_what_was_stopped_by_hand_stays_so_for_the_next_process(
    app: Starlette, ana: Client, caller: Attendant
) -> None:
    """The line records by itself; the one that carried the call was killed."""
    async with app.state.database.transaction() as tx:
        await visits.attend(tx, 1, True)
    assert (await row(app)).recording == "on"
    await ana.delete("/calls/1/recording")
    async with app.state.database.transaction() as tx:
        await visits.attend(tx, 1, True)
    assert (await row(app)).recording == "off"


async def test_another_process_leaves_nothing_half_done(app: Starlette, ana: Client, caller: Attendant) -> None:
    """The one that paused it, or took the message, was killed in the midst of it."""
    await ana.put("/calls/1/recording", data={"state": "on"})
    await press(caller, "4")
    async with app.state.database.transaction() as tx:
        await visits.attend(tx, 1, False)
    assert (await row(app)).recording == "on"
    async with app.state.database.transaction() as tx:
        await visits.begin_message(tx, 1, "Speak.", "en")
        await visits.attend(tx, 1, False)
    assert ((await row(app)).recording, await agreed(app, caller)) == ("off", False)


async def test_a_pause_that_could_not_be_ended_is_ended_later(app: Starlette, ana: Client, caller: Attendant) -> None:
    """The database was away for a moment."""
    await ana.put("/calls/1/recording", data={"state": "on"})
    await press(caller, "4")
    caller._dialogue._become("menu")
    assert (await row(app)).recording == "paused"
    await said(caller, None)
    assert (await row(app)).recording == "on"


async def test_hanging_up_while_typing_ends_all(app: Starlette, ana: Client, caller: Attendant) -> None:
    await ana.put("/calls/1/recording", data={"state": "on"})
    await press(caller, "4")
    async with app.state.database.transaction() as tx:
        await visits.hang_up(tx, 1)
    assert ((await row(app)).recording, (await row(app)).is_open) == ("off", False)
    with pytest.raises(NotFound):
        await caller._do(Do("resume"))


def test_a_message_stays_with_who_left_it() -> None:
    """Whatever they say of the talk afterwards; the talk itself does not."""
    at = now()
    one = Participant(consent="no", message_at=at, message_until=at + timedelta(seconds=9))
    moments = {-5: False, 0: True, 8: True, 10: False}
    assert {after: is_agreed(one, Part(started_at=at + timedelta(seconds=after))) for after in moments} == moments
    one.consent = "yes"
    assert is_agreed(one, Part(started_at=at + timedelta(seconds=10)))
    assert not is_agreed(Participant(consent=""), Part(started_at=at))


async def test_who_of_us_was_in_it_first_is_met(app: Starlette, ana: Client, caller: Attendant) -> None:
    """Ana came in by the log before the caller's own connection stood: the announcer steps back at once."""
    await ana.put("/calls/1/answer")
    async with app.state.database.transaction(read=True) as tx:
        number = await tx.scalar(select(Participant.id).where(Participant.user_id == 1))
    await CallBook(app.state.database).report([Joined(caller.room, time.time(), number)])
    announcer = Announcer(app.state.database, Mute(), Passwords())
    announcer.speak_through(Mute())
    announcer.heard([Connected(caller.room, 0.0, caller._call.participant_id)])

    async def stepped_back() -> bool:
        return not (await row(app)).attended

    async with asyncio.timeout(10):
        while not await stepped_back():
            await asyncio.sleep(0.01)
    await announcer.stop()
