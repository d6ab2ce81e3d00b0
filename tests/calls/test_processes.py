"""A call over several processes: begun at one, answered at another, its media carried by a third, which dies."""

import httpx2 as httpx
import pytest

from server.calls.models import Call
from server.offline import opened
from server.settings import Settings
from tests.calls.test_killed import back
from tests.calls.test_whole import carrying, until
from tests.server import OWNER, add_colleague, servers


async def row(settings: Settings) -> Call:
    async with opened(settings) as database, database.transaction(read=True) as tx:
        return await tx.get_one(Call, 1)


async def told(api: httpx.AsyncClient) -> list[str]:
    return [fact["name"] for fact in (await api.get("/events?limit=100")).json()["items"]]


async def test_two_at_two_processes_and_a_carrier_that_is_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one takes the lease, those who were in the call come back as their pages do, and it is the same call."""
    if not settings.redis_url:
        pytest.skip("left out: a process for calls needs Redis (ENGINE=postgres)")
    monkeypatch.setenv("CALLS_PROCESS", "1")
    async with servers(settings, 2) as (first, second):
        token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await first.start()
        await second.start()
        doomed = first.run("calls")
        async with first.browser(OWNER) as ana, second.browser("mateo@example.org") as mateo, first.program() as api:
            about = f"contact:{(await api.post('/contacts', json={'name': 'Lucía Ferrer'})).json()['id']}"
            await ana.post("/calls", data={"about": about, "kind": "audio"})
            await ana.post("/calls/1/invitations", data={"to": "user:2"})
            await until(lambda: mateo.get("/calls/ringing"), lambda page: "data-ring=" in page.text)
            assert (await mateo.put("/calls/1/answer")).status_code == 200
            call = await row(settings)
            people = [await back(first, first.token, 1, call.room), await back(second, token, 2, call.room)]
            await people[0].hears(2)
            await people[1].hears(1)
            owner = (await row(settings)).owner
            doomed.kill()
            doomed.wait()
            for one in people:
                await one.close()
            async with carrying(second):
                again = [await back(first, first.token, 1, call.room), await back(second, token, 2, call.room)]
                await again[0].hears(2, more=50)
                await again[1].hears(1, more=50)
                assert (await row(settings)).owner not in (None, owner)
                await ana.delete("/calls/1")
                for one in again:
                    assert (await one.hear("bye"))["reason"] == "ended"
                    await one.close()
            names = await until(lambda: told(api), lambda names: "call.ended" in names)  # once the relay numbers it
            assert names.count("call.started") == names.count("call.ended") == 1 and "call.missed" not in names
