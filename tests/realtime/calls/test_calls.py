"""Calls over real sockets and real media: the wire, the owner, two processes, and those who mean harm."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.bus_redis import RedisBus
from realtime.calls.ports import Clip, Connected, Digit, Emptied, Joined, Left, MediaSettings, Reconnecting, Recorded
from tests import needs
from tests.own_redis import own_redis
from tests.realtime.calls.desk import FakeBook, Member, Site, site
from tests.realtime.calls.test_voice import tone
from tests.realtime.fakes import until


@pytest.fixture
async def here(settings: MediaSettings) -> AsyncIterator[Site]:
    async with site(settings) as made:
        yield made


async def together(here: Site, *people: int, video: bool = False) -> list[Member]:
    members = [await (await here.member(me, video=video)).join() for me in people]
    for one in members:
        for other in members:
            if one is not other:
                await one.hears(other.me)
    return members


async def test_two_meet_and_everything_is_told_and_noted(here: Site) -> None:
    ana, ben = await together(here, 1, 2, video=True)
    await ana.hears(2, "camera")
    await ben.hears(1, "camera")
    await ana.hear("people", change=[here.room.people[2].shown(host=False, muted=False)])
    await ben.say("state", hand=True, video=False)
    await until(lambda: any(change["hand"] for frame in ana.frames("people") for change in frame.get("change", ())))
    assert [frame["n"] for frame in ana.told] == list(range(1, len(ana.told) + 1))
    await ben.say("digit", digit="7")
    await ben.say("leave")
    assert (await ben.hear("bye"))["reason"] == "left"
    assert (await ana.hear("people", left=[{"id": 2, "reason": "left"}]))["left"]
    await ana.say("leave")
    await until(lambda: here.book.told(Emptied))
    assert len(here.book.told(Connected)) == 2
    told = [type(fact) for fact in here.book.facts if not isinstance(fact, Connected)]
    assert told == [Joined, Joined, Digit, Left, Left, Emptied]
    assert here.book.told(Digit)[0].digit == "7"


async def test_the_wishes_of_the_database_are_carried_out(here: Site, settings: MediaSettings) -> None:
    ana, ben, eva = await together(here, 1, 2, 3)
    await here.wish(recording="on", consented=frozenset({1}), muted=frozenset({2}), hosts=frozenset({1}))
    await until(lambda: any(change["muted"] for frame in ana.frames("people") for change in frame.get("change", ())))
    await eva.hears(1, more=60)
    await here.wish(recording="paused", removed=frozenset({3}))
    assert (await eva.hear("bye"))["reason"] == "removed"
    await until(lambda: here.book.told(Recorded))
    assert (settings.folder / here.book.told(Recorded)[0].file).stat().st_size > 500
    await here.wish(ended="ended")
    assert (await ben.hear("bye"))["reason"] == "ended"
    await until(lambda: not here.book.owners)
    assert "room" not in here.calls.host.owned  # type: ignore[union-attr]


async def test_a_guest_waits_until_admitted(here: Site) -> None:
    (ana,) = await together(here, 1)
    gus = await (await here.guest()).join()
    assert gus.frames("welcome")[0]["waiting"]
    assert gus.frames("welcome")[0]["people"][0]["id"] == 9
    await ana.say("state", hand=True)
    await here.wish(admitted=frozenset({9}))
    await gus.hears(1)
    await ana.hears(9)
    assert len(gus.frames("people")[0]["join"]) == 1, "the first word of the room came with the admission"


async def test_a_reload_comes_back_with_its_token(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    offers = ana.caller.offers
    again = await here.member(2, video=False)
    again.token = ben.token
    await again.join(token=ben.token)
    assert (await ben.hear("bye"))["reason"] == "taken"
    await again.hears(1)
    await ana.hears(2, more=20)
    assert ana.caller.offers == offers, "the others need no new offer"
    assert not here.book.told(Left)
    wrong = await (await here.member(2)).join(token="token1")
    assert wrong.frames("no")[0]["why"] == "away"


async def test_a_join_in_mid_call_brings_a_fresh_offer(here: Site) -> None:
    """What heals any lost frame."""
    ana, ben = await together(here, 1, 2)
    ben.answers = False
    await ben.join(token=ben.token)
    first = await ben.hear("offer", fresh=True)
    ben.answers = True
    await ben.join(token=ben.token)
    second = await ben.hear("offer", round=first["round"] + 1)
    assert second["fresh"]
    await ben.hears(1)
    await ana.hears(2)


async def test_a_killed_tab_leaves_and_a_lost_socket_does_not(here: Site) -> None:
    ana, ben, eva = await together(here, 1, 2, 3)
    ben.socket.transport.abort()  # the socket alone: its media flows on
    await ben.caller.connection.getTransceivers()[0].sender.getStats()  # type: ignore[union-attr]
    await ana.hears(2, more=180)
    assert not here.book.told(Left)
    eva.socket.transport.abort()
    await eva.caller.close()
    await ana.hear("people", left=[{"id": 3, "reason": "lost"}])
    assert [fact.participant for fact in here.book.told(Left)] == [3]


async def test_a_frozen_tab_is_reconnecting_and_back_when_it_thaws(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.calls.rooms.SILENT", 0.5)
    ana, ben = await together(here, 1, 2)
    pipe = here.calls.host.owned["room"].media._peers[2].pipe  # type: ignore[union-attr,attr-defined]
    ice = pipe.candidates
    frozen, thawed = (lambda data, component: None), vars(ice)["data_received"]
    checks = vars(ice)["check_incoming"]
    vars(ice).update(data_received=frozen, check_incoming=lambda *words: None)
    await until(lambda: here.book.told(Reconnecting))
    assert (await ana.hear("people"))["change"][0]["status"] == "reconnecting"
    vars(ice).update(data_received=thawed, check_incoming=checks)
    await until(lambda: here.book.told(Reconnecting)[-1].back)
    await ana.hears(2)
    assert not here.book.told(Left)
    assert ben.me == 2


async def test_a_restart_is_told_and_recordings_are_finished(settings: MediaSettings) -> None:
    book = FakeBook()
    async with site(settings, book) as here:
        ana, ben = await together(here, 1, 2)
        await here.wish(recording="on", consented=frozenset({1, 2}))
        await ana.hears(2, more=80)
        await here.calls.stop()
        for member in (ana, ben):
            assert (await member.hear("bye"))["reason"] == "restart"
        assert len(book.told(Recorded)) == 2
        assert not book.told(Left) and book.owners == {}
        assert not here.calls.host.owned  # type: ignore[union-attr]


async def test_a_lease_that_somebody_else_took_is_theirs(here: Site) -> None:
    ana, _ = await together(here, 1, 2)
    here.book.owners["room"] = "another"
    await here.calls.host.renew()  # type: ignore[union-attr]
    assert (await ana.hear("bye"))["reason"] == "restart"
    assert here.book.owners == {"room": "another"}


async def test_a_process_that_stood_still_tells_nothing_of_a_call_that_is_anothers(here: Site) -> None:
    """It was stopped beyond its lease (SIGSTOP, a machine asleep): to it everybody looks lost, and they talk elsewhere."""
    ana, _ = await together(here, 1, 2)
    host, owned = here.calls.host, here.calls.host.owned["room"]  # type: ignore[union-attr]
    here.book.owners["room"] = "another"
    owned.leased_until = 0.0
    for one in owned.room.people.values():
        one.heard, one.silent, one.address = 0.0, 0.0, None
    owned.media.heard = dict
    facts = len(here.book.facts)
    owned.room.leave(2, "lost", 0.0)
    owned.tick()  # whatever it finds
    welcomes = len(ana.frames("welcome"))
    await ana.say("join", token=ana.token)
    for _round in range(3):
        await host._look()  # type: ignore[union-attr]
    assert len(ana.frames("welcome")) == welcomes, "whoever has the lease answers"
    await host.renew()  # type: ignore[union-attr]
    await until(lambda: not host.owned and not host._facts)  # type: ignore[union-attr]
    assert here.book.facts[facts:] == []


async def test_a_lease_that_ran_out_and_is_renewed_goes_on(here: Site) -> None:
    """The database was away longer than a lease, for everybody: nobody else took the call."""
    ana, ben = await together(here, 1, 2)
    host = here.calls.host
    host.owned["room"].leased_until = 0.0  # type: ignore[union-attr]
    await ben.say("leave")
    await ana.hear("people", left=[{"id": 2, "reason": "left"}])
    assert not here.book.told(Left)
    await host.renew()  # type: ignore[union-attr]
    await until(lambda: here.book.told(Left))
    assert not ana.frames("bye")


async def test_rights_taken_away_end_it(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    here.book.away.add(2)
    for connection in here.calls.desk._by_connection:
        connection.rights += 1  # as a Recheck does
    await here.calls.desk.look()
    assert (await ben.hear("bye"))["reason"] == "rights"
    await ana.hear("people", left=[{"id": 2, "reason": "rights"}])


async def test_the_page_goes_away_by_beacon(here: Site) -> None:
    ana, _ = await together(here, 1, 2)
    await here.calls.leave("room", 2)
    await ana.hear("people", left=[{"id": 2, "reason": "left"}])


async def test_the_server_speaks(here: Site, tmp_path: Any) -> None:
    ana, ben = await together(here, 1, 2)
    await here.calls.play("room", Clip("hello", str(tone(tmp_path / "hello.wav")), to=2, repeats=True))
    await until(lambda: ben.caller.voice().packets > 20)
    assert not ana.caller.voice().packets
    await here.calls.hush("room", 2)
    await until(lambda: any(type(fact).__name__ == "Spoken" for fact in here.book.facts))


async def test_while_the_database_is_away_facts_wait(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    here.book.failing = True
    await ben.say("leave")
    await ana.hear("people", left=[{"id": 2, "reason": "left"}])
    eva = await here.member(3)
    await eva.join()
    assert eva.frames("no")[0]["why"] == "later"
    here.book.failing = False
    await until(lambda: here.book.told(Left))


# --- two processes over Redis


async def test_two_processes_one_call(settings: MediaSettings, tmp_path: Any) -> None:
    if needs.redis_binary() is None:
        pytest.skip("left out: no redis-server")
    book = FakeBook()
    with own_redis() as redis:
        await redis.ready()
        one, two = RedisBus(redis.url), RedisBus(redis.url)
        async with site(settings, book, one) as first, site(settings, book, two) as second:
            await until(lambda: one.up and two.up)
            ana = await (await first.member(1, video=False)).join()
            ben = await (await second.member(2, video=False)).join()
            await ana.hears(2)
            await ben.hears(1)
            owner, other = (first, second) if "room" in first.calls.host.owned else (second, first)  # type: ignore[union-attr]
            assert "room" not in other.calls.host.owned  # type: ignore[union-attr]
            book.state = type(book.state)(muted=frozenset({1}))
            await other.calls.poke("room")
            await until(lambda: owner.room.wishes.muted)
            # The owner stops; whoever comes back finds the other one.
            await owner.calls.stop()
            assert (await ana.hear("bye"))["reason"] == "restart"
            survivor = ben if owner is first else ana
            book.state = type(book.state)()
            await survivor.join(token=survivor.token)
            await until(lambda: "room" in other.calls.host.owned)  # type: ignore[union-attr]
            assert list(book.owners) == ["room"]


async def test_a_process_without_media_leaves_it_to_the_other(settings: MediaSettings) -> None:
    if needs.redis_binary() is None:
        pytest.skip("left out: no redis-server")
    book = FakeBook()
    with own_redis() as redis:
        await redis.ready()
        web, media = RedisBus(redis.url), RedisBus(redis.url)
        async with site(settings, book, web, owns=False) as pages, site(settings, book, media) as carrier:
            await until(lambda: web.up and media.up)
            ana, ben = await together(pages, 1, 2)
            assert "room" in carrier.calls.host.owned  # type: ignore[union-attr]
            await asyncio.gather(ana.hears(2), ben.hears(1))
