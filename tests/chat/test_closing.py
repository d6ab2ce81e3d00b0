"""An open room becomes private and the other way round: pages, search, facts, notices and topics follow."""

from starlette.applications import Starlette

from server.identity.doors import LiveDoors, Person
from tests import make
from tests.chat.conftest import open_room, say
from tests.conftest import Client, program, token_of
from tests.live import assert_live_equals_reload


async def outside(app: Starlette, priya: Client, room: int) -> dict[str, bool]:
    """What somebody who is not in the room reaches of it."""
    person = Person(await make.person(app, 3), "en")
    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    async with program(app, await token_of(app, 3)) as api:
        facts = (await api.get("/events?after=0&limit=100")).text
    return {
        "page": (await priya.get(f"/chat/{room}")).status_code == 200,
        "search": "is late" in (await priya.get("/search?q=harvest")).text,
        "facts": "harvest" in facts,
        "notices": "harvest" in (await priya.get("/notices")).text,
        "topic": bool(await doors.may_listen(person, {f"room:{room}"})),
    }


async def test_what_was_said_goes_with_the_room(app: Starlette, ana: Client, mateo: Client, priya: Client) -> None:
    room = await open_room(ana, name="orchard")
    await mateo.put(f"/rooms/{room}/membership")
    await say(ana, room, "the harvest is late, @[Priya](user:3)")
    await app.state.relay.drain()
    assert set((await outside(app, priya, room)).values()) == {True}
    assert (await mateo.put(f"/rooms/{room}/privacy")).status_code == 403, "who opened it, and managers"
    assert (await ana.put(f"/rooms/{room}/privacy")).status_code == 200
    await app.state.relay.drain()
    assert set((await outside(app, priya, room)).values()) == {False}, await outside(app, priya, room)
    assert "harvest" in (await mateo.get(f"/chat/{room}")).text
    await say(mateo, room, "we begin on Monday")
    assert (await ana.delete(f"/rooms/{room}/privacy")).status_code == 200
    await app.state.relay.drain()
    assert set((await outside(app, priya, room)).values()) == {True}


async def test_members_see_the_lock(app: Starlette, ana: Client, mateo: Client) -> None:
    room = await open_room(ana, name="orchard")
    await mateo.put(f"/rooms/{room}/membership")
    for method in ("PUT", "DELETE"):
        await assert_live_equals_reload(
            app,
            mateo,
            f"/chat/{room}",
            lambda method=method: ana.request(method, f"/rooms/{room}/privacy"),
            regions=("talk-page", "rooms"),
        )


async def test_nobody_closes_a_room_behind_themselves(ana: Client, mateo: Client, general: int) -> None:
    room = await open_room(mateo, name="orchard")
    assert (await ana.put(f"/rooms/{room}/privacy")).status_code == 422
    assert (await ana.put(f"/rooms/{general}/privacy")).status_code == 422, "everybody is in it"
    secret = await open_room(ana, name="walnut", private="1")
    assert (await ana.put(f"/rooms/{secret}", data={"name": "orchard"})).status_code == 200
    assert (await ana.delete(f"/rooms/{secret}/privacy")).status_code == 422, "an open room has this name"
