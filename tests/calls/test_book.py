"""The database behind the media: seats, leases, wishes, and what becomes of what is told."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.calls.ports import Digit, Emptied, Joined, Left, Recorded
from server.calls.book import CallBook
from server.calls.guests import come_by_link, open_link
from server.calls.models import Part, Participant, Ring
from server.kit.clock import frozen
from server.kit.errors import Conflict, NotFound
from server.kit.events import EventRow
from server.kit.passes import Pass, pass_again
from tests import make
from tests.calls.conftest import AGREED, Client, Facts, guest, listener, read_call, told


async def people(app: Starlette) -> dict[int, Participant]:
    async with app.state.database.transaction(read=True) as tx:
        return {one.id: one for one in await tx.scalars(select(Participant).order_by(Participant.id))}


async def test_seats_of_members(app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook) -> None:
    room, first, second = (await read_call(app)).room, await listener(app, 1), await listener(app, 2)
    hers = await book.seat(first, room, None)
    his = await book.seat(second, room, None)
    assert hers is not None and his is not None
    assert (hers.participant, hers.host, hers.name, hers.waiting) == (1, True, "Ana Beltrán", False)
    assert (his.participant, his.host, bool(his.token)) == (2, False, True)
    again = await book.seat(second, room, "anything")
    assert again is not None and (again.participant, again.token) == (2, "")
    assert await book.seat(first, "0" * 32, None) is None
    await make.restrict(ana, 1, "user:1")
    assert await book.seat(second, room, None) is None
    await make.restrict(ana, 1)
    await ana.delete(f"{call}/participants/2")
    assert await book.seat(second, room, None) is None
    await ana.delete(call)
    assert await book.seat(first, room, None) is None


async def test_nobody_new_comes_into_a_locked_call(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook
) -> None:
    await ana.put(f"{call}/lock")
    room = (await read_call(app)).room
    assert await book.seat(await listener(app, 2), room, None) is None
    assert await book.seat(await listener(app, 1), room, None) is not None
    assert len(await people(app)) == 1


async def test_who_reads_only_has_no_seat(
    app: Starlette, workspace: object, ana: Client, call: str, book: CallBook
) -> None:
    from tests.conftest import add_person

    reader = await add_person(app, workspace, "Rita Reader", "read-only")  # type: ignore[arg-type]
    assert await book.seat(await listener(app, reader.id), (await read_call(app)).room, None) is None


async def test_a_guest_waits_and_is_let_in(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook, facts: Facts
) -> None:
    """With no member there it rings for those of the record."""
    room = (await read_call(app)).room
    visitor, one = await guest(app, ana, call)
    assert (one.name, visitor.scope) == ("Lucía Ferrer", frozenset({"call:1:lobby"})), "nothing that is said"
    seat = await book.seat(visitor, room, None)
    assert seat is not None and (seat.kind, seat.waiting, seat.host) == ("guest", True, False)
    await mateo.put(f"{call}/decline")
    at = time.time()
    await told(book, Joined(room, at, one.id, waiting=True), Joined(room, at, one.id, waiting=True))
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(Ring, (1, 2))).state == "ringing"
    assert (await mateo.put(f"{call}/participants/{one.id}/admission")).status_code == 200
    assert one.id in (await book.wishes(room)).admitted
    async with app.state.database.transaction(read=True) as tx:
        again = await pass_again(tx, visitor.pass_id)
    assert again is not None and set(again.scope) == {"call:1:lobby", "call:1:all"}
    await told(book, Joined(room, at + 1, one.id))
    names = [name for name, _data in await facts()]
    assert names.count("guest.waiting") == names.count("call.joined") == 1
    assert (await facts())[-1][1] == {"participant": one.id, "name": "Lucía Ferrer", "guest": True}


async def test_a_link_that_was_taken_back_cuts_off(app: Starlette, ana: Client, call: str, book: CallBook) -> None:
    room = (await read_call(app)).room
    visitor, one = await guest(app, ana, call, auto_admit="1")
    seat = await book.seat(visitor, room, None)
    assert seat is not None and not seat.waiting
    assert (await ana.delete(f"{call}/guest-links/1")).status_code == 200
    assert await book.seat(visitor, room, None) is None
    assert one.id in (await book.wishes(room)).removed
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(EventRow.subject).where(EventRow.name == "pass.revoked")) == "pass:1"


async def test_a_link_is_for_so_many(app: Starlette, ana: Client, call: str) -> None:
    made = await ana.post(f"{call}/guest-links", data={"seats": "1", "hours": "1"})
    secret = made.text.partition("/p/join/")[2].partition('"')[0]
    key = app.state.settings.secret
    async with app.state.database.transaction() as tx:
        await come_by_link(tx, await open_link(tx, secret, key), "One", "en")
        with pytest.raises(Conflict):
            await come_by_link(tx, await open_link(tx, secret, key), "Two", "en")
    with frozen(datetime.now(UTC) + timedelta(hours=2)):
        async with app.state.database.transaction(read=True) as tx:
            with pytest.raises(NotFound):
                await open_link(tx, secret, key)


async def came(app: Starlette, secret: str, name: str) -> Participant:
    async with app.state.database.transaction() as tx:
        one, _token = await come_by_link(tx, await open_link(tx, secret, app.state.settings.secret), name, "en")
        return one


async def test_a_seat_that_led_nowhere_is_free_again(app: Starlette, ana: Client, call: str, book: CallBook) -> None:
    """A locked door takes none; who was refused in the lobby, left, or never arrived gives theirs back."""
    room = (await read_call(app)).room
    made = await ana.post(f"{call}/guest-links", data={"seats": "1", "hours": "1"})
    secret = made.text.partition("/p/join/")[2].partition('"')[0]
    await ana.put(f"{call}/lock")
    with pytest.raises(Conflict, match="locked"):
        await came(app, secret, "Before the door")
    await ana.delete(f"{call}/lock")
    with frozen() as clock:
        first = await came(app, secret, "On the way")
        with pytest.raises(Conflict):
            await came(app, secret, "Too early")
        clock.forward(minutes=2)
        second = await came(app, secret, "Refused")
        await told(book, Joined(room, time.time(), second.id, waiting=True))
        with pytest.raises(Conflict):
            await came(app, secret, "While they wait")
        await ana.delete(f"{call}/participants/{second.id}")
        third = await came(app, secret, "Leaves")
        await told(book, Joined(room, time.time(), third.id))
        assert "in use: Leaves" in (await ana.get(call)).text
        await told(book, Left(room, time.time(), third.id, "left"))
        assert "in use: " not in (await ana.get(call)).text
        fourth = await came(app, secret, "Stays")
        async with app.state.database.transaction(read=True) as tx:
            revoked = set(await tx.scalars(select(Pass.subject).where(Pass.revoked_at.is_not(None))))
        assert revoked == {one.subject for one in (first, second, third)}
        await told(book, Joined(room, time.time(), fourth.id))
        await ana.delete(f"{call}/participants/{fourth.id}")
        with pytest.raises(Conflict):
            await came(app, secret, "Whom a host put out comes not again")
        assert "No link is open." in (await ana.get(call)).text


async def test_one_process_owns_a_call(app: Starlette, call: str, book: CallBook) -> None:
    room = (await read_call(app)).room
    with frozen() as clock:
        owners = await asyncio.gather(*(book.claim(room, name) for name in ("a", "b", "c")))
        owner = owners[0]
        assert set(owners) == {owner} and owner is not None
        assert await book.renew([room], owner) == {room}
        assert await book.renew([room], "somebody else") == set()
        clock.forward(seconds=11)
        assert await book.claim(room, "d") == "d"
        assert await book.renew([room], owner) == set()
    await book.release(room, "d")
    assert await book.claim(room, "e") == "e"
    assert await book.claim("0" * 32, "e") is None


async def test_statements_of_the_owner(app: Starlette, call: str, book: CallBook) -> None:
    room = (await read_call(app)).room
    with make.counted(app) as statements:
        await book.claim(room, "a")
    assert len(statements) == 1
    with make.counted(app) as statements:
        await book.renew([room], "a")
    assert len(statements) == 1
    with make.counted(app) as statements:
        await book.wishes(room)
    assert len(statements) == 2


async def test_what_is_wanted(app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook) -> None:
    await mateo.put(f"{call}/answer")
    await ana.put(f"{call}/lock")
    await ana.put(f"{call}/participants/2/mute")
    await ana.put(f"{call}/hold/2")
    await ana.put(f"{call}/recording", data={"state": "on"})
    await mateo.put(f"{call}/consent", data=AGREED)
    wishes = await book.wishes((await read_call(app)).room)
    assert (wishes.locked, wishes.recording, wishes.hosts, wishes.consented) == (True, "on", {1}, {2})
    assert (wishes.muted, wishes.held, wishes.removed, wishes.ended) == ({2}, {2}, frozenset(), None)
    await ana.delete(call)
    assert (await book.wishes((await read_call(app)).room)).ended == "ended"
    assert (await book.wishes("0" * 32)).ended == "ended"


async def test_coming_and_going_is_told_once(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook, facts: Facts
) -> None:
    """And who has been there longest is host when the host has left."""
    room, at = (await read_call(app)).room, time.time()
    await mateo.put(f"{call}/answer")
    told_twice = (Joined(room, at, 1), Joined(room, at + 1, 2), Left(room, at + 10, 1, "left"))
    await told(book, *told_twice)
    await told(book, *told_twice[2:])
    everybody = await people(app)
    assert (everybody[1].seconds, everybody[1].is_here, everybody[2].is_here) == (10, False, True)
    assert [one.is_host for one in everybody.values()] == [True, True]
    await told(book, Joined(room, at + 20, 1), Left(room, at + 25, 1, "lost"), Emptied(room, at + 30))
    everybody = await people(app)
    assert (everybody[1].seconds, everybody[2].seconds, everybody[2].is_here) == (15, 29, False)
    lines = [(name, data.get("reason", "")) for name, data in await facts() if name in ("call.joined", "call.left")]
    assert lines == [("call.joined", ""), ("call.joined", ""), ("call.left", "left"), ("call.joined", ""),
                     ("call.left", "lost"), ("call.left", "lost")]  # fmt: skip


async def test_keys_are_kept_nowhere(app: Starlette, call: str, book: CallBook, facts: Facts) -> None:
    before = await facts()
    await told(book, Digit((await read_call(app)).room, time.time(), 1, "7"))
    assert await facts() == before


async def test_parts_are_kept_once(app: Starlette, call: str, book: CallBook) -> None:
    part = Recorded((await read_call(app)).room, time.time(), 1, "audio", "a.webm", time.time(), 3.5, 1000)
    await told(book, part)
    await told(book, part, Recorded("0" * 32, 1.0, 1, "audio", "b.webm", 1.0, 1.0, 1))
    async with app.state.database.transaction(read=True) as tx:
        assert [(one.file, one.size) for one in await tx.scalars(select(Part))] == [("a.webm", 1000)]
