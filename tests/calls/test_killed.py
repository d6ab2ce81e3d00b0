"""The process that carries a call is killed while it records: the call goes on elsewhere, and its recording is whole."""

import asyncio
import contextlib
from pathlib import Path

from websockets.asyncio.client import connect

from server.calls.models import Call
from server.offline import opened
from server.settings import Settings
from tests.calls.conftest import AGREED
from tests.calls.test_whole import read, sitting, until
from tests.realtime.calls.desk import Member
from tests.server import OWNER, Server, add_colleague, servers

# Nobody waits for this one: who is back in time was let in because the dead are known to be dead.
LONG_LEASE = "import datetime, server.calls.book\nserver.calls.book.LEASE = datetime.timedelta(hours=1)"


async def test_a_recording_outlives_kill_9(settings: Settings) -> None:
    async with servers(settings) as (server,):
        token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start(LONG_LEASE)
        async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo, server.program() as api:
            about = f"contact:{(await api.post('/contacts', json={'name': 'Lucía Ferrer'})).json()['id']}"
            await ana.post("/calls", data={"about": about, "kind": "audio"})
            await mateo.put("/calls/1/answer")
            async with opened(settings) as database, database.transaction(read=True) as tx:
                room = (await tx.get_one(Call, 1)).room
            people = [await sitting(server, server.token, 1, room), await sitting(server, token, 2, room)]
            await people[0].hears(2)
            await ana.put("/calls/1/recording", data={"state": "on"})
            for client in (ana, mateo):
                await client.put("/calls/1/consent", data=AGREED)
            await people[0].hears(2, more=200)  # four seconds
            left = len(list((settings.data_dir / "recordings").glob("*.webm")))
            assert left == 2, "one for each"
            await server.kill()
            for one in people:
                await one.close()
            await server.start()
            again = [await back(server, server.token, 1, room), await back(server, token, 2, room)]
            try:
                await again[0].hears(2, more=50)
                await ana.delete("/calls/1")
                assert (await again[0].hear("bye"))["reason"] == "ended"
            finally:
                for one in again:
                    await one.close()
            call = await until(lambda: read(api), lambda call: call["recordings"])
            assert call["recordings"][0]["seconds"] > 4.0, "before and after"
            await until(lambda: _files(settings.data_dir / "recordings"), lambda files: files == [])


async def back(server: Server, token: str, me: int, room: str) -> Member:
    """As a page does it: it asks again until somebody lets it in."""
    headers = {"authorization": f"Bearer {token}"}
    socket = await connect(server.url.replace("http", "ws") + "/live", additional_headers=headers, max_size=None)
    member = Member(socket, me, room, video=False)
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(TimeoutError):
                return await member.join()


async def _files(folder: Path) -> list[str]:
    return await asyncio.to_thread(lambda: sorted(path.name for path in folder.iterdir()))
