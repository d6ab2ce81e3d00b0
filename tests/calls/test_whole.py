"""A call from its start to its recording: a real server, real sockets, real media, the public door and the log."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect

from server.calls.guests import come_by_link, open_link
from server.calls.models import Call
from server.offline import opened
from server.settings import Settings
from tests.calls.conftest import AGREED
from tests.processes import Process
from tests.realtime.calls.desk import Member
from tests.server import OWNER, Server, add_colleague, servers

PATIENCE = 60.0


async def sitting(server: Server, token: str, me: int, room: str) -> Member:
    """A member's socket, with their token."""
    headers = {"authorization": f"Bearer {token}"}
    address = server.url.replace("http", "ws") + "/live"
    socket = await connect(address, additional_headers=headers, max_size=None, close_timeout=1)
    return await Member(socket, me, room, video=False).join()


async def invited(server: Server, settings: Settings, ana: httpx.AsyncClient, room: str) -> Member:
    """A guest through the public door."""
    made = await ana.post("/calls/1/guest-links", data={"name": "Lucía"})
    secret = made.text.partition("/p/join/")[2].partition('"')[0]
    async with opened(settings) as database, database.transaction() as tx:
        one, token = await come_by_link(tx, await open_link(tx, secret, settings.secret), "Lucía", "es")
    socket = await connect(server.url.replace("http", "ws") + "/p/live", max_size=None, close_timeout=1)
    await socket.send(json.dumps({"t": "auth", "token": token}))
    return await Member(socket, one.id, room, video=False).join()


async def until(read: Callable[[], Awaitable[Any]], right: Callable[[Any], Any]) -> Any:
    async with asyncio.timeout(PATIENCE):
        while not right(found := await read()):
            await asyncio.sleep(0.05)  # another process is at work: there is no event to wait for
    return found


async def test_a_call_from_its_start_to_its_recording(settings: Settings) -> None:
    async with servers(settings) as (server,):
        await whole_call(server, settings)


async def test_the_same_in_a_process_of_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Web processes carry no media then; calls come over Redis."""
    if not settings.redis_url:
        pytest.skip("left out: a process for calls needs Redis (ENGINE=postgres)")
    monkeypatch.setenv("CALLS_PROCESS", "1")
    async with servers(settings) as (server,), carrying(server) as carrier:
        await whole_call(server, settings)
        loaded = Path(f"/proc/{carrier.pid}/maps").read_text(), Path(f"/proc/{server.pid}/maps").read_text()
        assert ["libopus" in maps for maps in loaded] == [True, False], "aiortc is where the media is"


async def test_a_right_that_is_taken_away_ends_it(settings: Settings) -> None:
    """While they talk the record is closed to one of them, and the guest's link is taken back."""
    async with servers(settings) as (server,):
        token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana, server.program() as api:
            record = (await api.post("/contacts", json={"name": "Lucía Ferrer"})).json()["id"]
            await ana.post("/calls", data={"about": f"contact:{record}"})
            async with opened(settings) as database, database.transaction(read=True) as tx:
                room = (await tx.get_one(Call, 1)).room
            people = [await sitting(server, server.token, 1, room), await sitting(server, token, 2, room)]
            try:
                await people[0].hears(2)
                people.append(await invited(server, settings, ana, room))
                assert (await ana.delete("/calls/1/guest-links/1")).status_code == 200
                await people[0].hear("people", left=[{"id": 3, "reason": "removed"}])
                await ana.put(f"/contacts/{record}/restriction", data={"who": "user:1"})
                assert (await people[1].hear("bye"))["reason"] == "rights"
                again = await (await sitting(server, token, 2, room)).hear("no")
                assert again["why"] == "away"
            finally:
                for one in people:
                    await one.close()


@contextlib.asynccontextmanager
async def carrying(server: Server) -> AsyncIterator[Process]:
    process = server.run("calls")
    try:
        yield process
        process.terminate()
        assert await asyncio.to_thread(process.wait) == 0
    finally:
        process.kill()
        process.wait()


async def whole_call(server: Server, settings: Settings) -> None:
    token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
    await server.start()
    async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo, server.program() as api:
        about = f"contact:{(await api.post('/contacts', json={'name': 'Lucía Ferrer'})).json()['id']}"
        assert (await ana.post("/calls", data={"about": about, "kind": "audio"})).status_code == 303
        await mateo.put("/calls/1/answer")
        async with opened(settings) as database, database.transaction(read=True) as tx:
            room = (await tx.get_one(Call, 1)).room
        people = [await sitting(server, server.token, 1, room), await sitting(server, token, 2, room)]
        try:
            await people[0].hears(2)
            await people[1].hears(1)
            people.append(await invited(server, settings, ana, room))
            assert people[2].frames("welcome")[0]["waiting"]
            await until(lambda: ana.get("/calls/1"), lambda page: "data-waiting" in page.text)
            await mateo.put("/calls/1/participants/3/admission")
            await people[2].hears(1)
            await ana.put("/calls/1/recording", data={"state": "on"})
            for client in (ana, mateo):
                await client.put("/calls/1/consent", data=AGREED)
            await people[0].hears(2, more=100)
            await mateo.post("/calls/1/leave")
            assert (await people[1].hear("bye"))["reason"] == "left"
            await ana.delete("/calls/1")
            assert (await people[0].hear("bye"))["reason"] == "ended"
        finally:
            for one in people:
                await one.close()
        call = await until(lambda: read(api), lambda call: call["recordings"])
        assert call["recordings"][0]["seconds"] > 1.5
        sound = await mateo.get("/calls/1/recording")
        assert (sound.status_code, sound.content[:4]) == (200, b"\x1aE\xdf\xa3")
        lines = await until(lambda: names(api), lambda names: "call.recorded" in names)
        assert lines.count("call.joined") == lines.count("call.left") == 3
        assert lines.index("guest.waiting") < lines.index("call.ended") < lines.index("call.recorded")


async def read(api: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get("/calls/1")).json()
    return found


async def names(api: httpx.AsyncClient) -> list[str]:
    return [fact["name"] for fact in (await api.get("/events?limit=100")).json()["items"]]
