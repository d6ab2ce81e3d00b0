"""The line from the public page to the timeline: a real server, real sockets, real media."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from server.calls.models import Call
from server.offline import opened
from server.settings import Settings
from tests.announcer.callers import Customer, add_key, calling, set_up
from tests.calls.test_whole import carrying, sitting, until
from tests.server import OWNER, Server, add_colleague, servers


async def lines(api: httpx.AsyncClient) -> list[str]:
    return [fact["name"] for fact in (await api.get("/events?limit=100")).json()["items"]]


async def spoken_to(customer: Customer, more: int = 20) -> None:
    """The announcer is heard."""

    async def heard() -> int:
        return customer.caller.voice().packets if customer.caller.heard else 0

    start = await heard()
    await until(heard, lambda count: count >= start + more)


async def channel_of(customer: Customer) -> None:
    async def state() -> str:
        return customer.caller.channel.readyState if customer.caller.channel is not None else ""

    await until(state, lambda found: found == "open")


async def test_a_customer_is_known_routed_and_answered(settings: Settings) -> None:
    async with servers(settings) as (server,):
        await known_and_answered(server, settings)


async def test_the_same_where_calls_have_a_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The announcer attends where the media is."""
    if not settings.redis_url:
        pytest.skip("left out: a process for calls needs Redis (ENGINE=postgres)")
    monkeypatch.setenv("CALLS_PROCESS", "1")
    async with servers(settings) as (server,), carrying(server):
        await known_and_answered(server, settings)


async def known_and_answered(server: Server, settings: Settings) -> None:
    """Number by telephone-events, PIN by the data channel; the card says who it is; both hear each other."""
    token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
    await server.start()
    async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo, server.program() as api:
        record = (await api.post("/contacts", json={"name": "Lucía Ferrer", "title": "Baker"})).json()["id"]
        path = await set_up(ana)
        await add_key(ana, "1", "person", "person:2", label_en="Mateo")
        await add_key(ana, "4", "self")
        given = (await ana.post(f"/contacts/{record}/pin")).text
        number, pin = re.findall(r'readonly value="(\d+)"', given)
        async with calling(server.url, path, name="Somebody") as lucia:
            await spoken_to(lucia)
            await channel_of(lucia)
            assert "Nothing proves who this is" in (await ana.get("/calls/1/caller")).text
            await lucia.tone(f"4{number}#")
            await lucia.press(f"{pin}#")
            await until(lambda: lines(api), lambda found: "line.identified" in found)
            await spoken_to(lucia)
            await lucia.press("0")
            await lucia.press("1")
            await until(lambda: mateo.get("/calls/ringing"), lambda page: "data-ring=" in page.text)
            card = (await mateo.get("/calls/ringing")).text
            assert "Lucía Ferrer" in card and "Proved by number and PIN" in card and number in card
            assert "Chose: Mateo" in card
            assert (await mateo.put("/calls/1/answer")).status_code == 200
            agent = await sitting(server, token, 2, lucia.call)
            try:
                await agent.hears(lucia.me)
                own = next(frame["me"] for frame in agent.frames("welcome"))
                await lucia.hears(own)
                await ana.delete("/calls/1")
                assert (await lucia.hear("bye"))["reason"] == "ended"
            finally:
                await agent.close()
        facts = (await api.get("/events?limit=100")).json()["items"]
        names = [fact["name"] for fact in facts]
        assert names.index("line.called") < names.index("line.identified") < names.index("line.chosen")
        assert "call.missed" not in names and "voicemail.left" not in names
        told = json.dumps(facts)
        assert pin not in told and number not in told
        assert pin not in server.log and number not in server.log
        timeline = (await ana.get(f"/contacts/{record}")).text
        assert "Proved by number and PIN" in timeline and pin not in timeline
        assert not list((settings.data_dir / "speech").glob("passing-*"))


async def test_a_message_is_heard_on_the_timeline(settings: Settings) -> None:
    """By a signed link: greeted by name; nobody comes, so a message is taken, mixed, and a task says so."""
    async with servers(settings) as (server,):
        await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo, server.program() as api:
            record = (await api.post("/contacts", json={"name": "Lucía Ferrer"})).json()["id"]
            path = await set_up(ana)
            await add_key(ana, "1", "person", "person:2", label_en="Mateo")
            link = re.findall(r"\?proof=[\w.-]+", (await ana.post(f"/contacts/{record}/pin")).text)[0]
            async with calling(server.url, path, query=link) as lucia:
                await spoken_to(lucia)
                await channel_of(lucia)
                await lucia.press("1")
                await until(lambda: mateo.get("/calls/ringing"), lambda page: "data-ring=" in page.text)
                await mateo.put("/calls/1/decline")
                await until(lambda: recording(settings), lambda state: state == "on")
                await until(lambda: parts_of(settings), lambda size: size > 5_000)
                await lucia.press("#")
                assert (await lucia.hear("bye"))["reason"] == "ended"
            await until(lambda: lines(api), lambda found: "voicemail.left" in found)
            page = (await ana.get(f"/contacts/{record}")).text
            assert 'src="/calls/1/recording"' in page and "Hear the message of Lucía Ferrer" in page
            assert (await ana.get("/calls/1/recording")).status_code == 200
            assert "call.missed" not in await lines(api), "a message is no missed call"


async def recording(settings: Settings) -> str:
    async with opened(settings) as database, database.transaction(read=True) as tx:
        return (await tx.get_one(Call, 1)).recording


async def parts_of(settings: Settings) -> int:
    def size(folder: Path) -> int:
        return sum(file.stat().st_size for file in folder.glob("*.webm")) if folder.exists() else 0

    return await asyncio.to_thread(size, settings.parts_dir)


async def test_who_rings_and_leaves_is_a_missed_call(settings: Settings) -> None:
    async with servers(settings) as (server,):
        await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo, server.program() as api:
            path = await set_up(ana)
            await add_key(ana, "1", "person", "person:2", label_en="Mateo")
            async with calling(server.url, path, name="Noor") as noor:
                await channel_of(noor)
                await spoken_to(noor)
                await noor.press("1")
                await until(lambda: mateo.get("/calls/ringing"), lambda page: "data-ring=" in page.text)
                await noor.say("leave")
                await noor.hear("bye")
            found: list[Any] = await until(lambda: lines(api), lambda found: "call.missed" in found)
            assert "voicemail.left" not in found
            await until(lambda: mateo.get("/calls/ringing"), lambda page: "data-ring=" not in page.text)
            assert "Noor" in (await ana.get("/calls?show=missed")).text
