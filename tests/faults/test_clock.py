"""The clock jumps, back and forth: order, numbers and replays do not depend on it."""

import httpx2 as httpx
from starlette.applications import Starlette

from server.kit.clock import frozen
from server.kit.patches import PatchSource, prune_patches
from tests import make


async def note(api: httpx.AsyncClient, contact_id: int, text: str) -> None:
    assert (await api.post(f"/contacts/{contact_id}/notes", json={"body": text})).status_code == 201


async def test_what_was_written_later_stands_later(
    app: Starlette, ana: httpx.AsyncClient, api: httpx.AsyncClient
) -> None:
    contact = await make.contact(app)
    jumps = {"first": 0.0, "second": -48.0, "third": +1.0, "fourth": -0.5}
    with frozen() as clock:
        for text, hours in jumps.items():
            clock.forward(hours=hours)
            await note(api, contact.id, f"the {text} note")
    await app.state.relay.drain()
    page = (await ana.get(f"/contacts/{contact.id}")).text
    places = [page.index(f"the {text} note") for text in jumps]
    assert places == sorted(places)
    events = (await api.get("/events?after=0")).json()["items"]
    positions = [event["position"] for event in events]
    assert positions == list(range(1, len(positions) + 1))
    messages = await PatchSource(app.state.database).replay(contact.about, 0, ("json",))
    assert messages is not None and [message.n for message in messages] == list(range(1, len(messages) + 1))


async def test_patches_forgotten_by_a_wrong_clock_are_a_gap_and_never_a_hole(
    app: Starlette, api: httpx.AsyncClient
) -> None:
    contact = await make.contact(app)
    await note(api, contact.id, "at the right time")
    with frozen() as clock:
        clock.forward(days=-3)
        await note(api, contact.id, "three days ago, as the clock had it")
    await note(api, contact.id, "at the right time again")
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    head = (await source.heads([contact.about]))[contact.about]
    async with app.state.database.transaction() as tx:
        await prune_patches(tx, 24)
    assert await source.replay(contact.about, 0, ("json",)) is None
    messages = await source.replay(contact.about, head - 1, ("json",))
    assert messages is not None and [message.n for message in messages] == [head]
