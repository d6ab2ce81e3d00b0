"""A program hears changes by WebSocket, with its token, as facts."""

from starlette.applications import Starlette

from tests import make
from tests.conftest import Client, token_of
from tests.realtime.live_server import browsing, serving_app


async def test_a_program_hears_what_happens(app: Starlette, ana: Client, api: Client, other: Client) -> None:
    await make.contact(app)
    await app.state.relay.drain()
    headers = {"Authorization": f"Bearer {await token_of(app, 2)}"}
    async with serving_app(app) as url, browsing(f"{url}/live", additional_headers=headers) as socket:
        await socket.say(t="sub", topics={"contact:1": None, "contact:99": None})
        assert "contact:1" in (await socket.take("ok"))["topics"]
        assert {"t": "no", "topic": "contact:99"} in socket.seen
        assert (await api.patch("/contacts/1", json={"phones": ["+34 600 000 142"]})).status_code == 200
        await app.state.relay.drain()
        heard = await socket.take("p")
        assert heard["topic"] == "contact:1" and "html" not in heard
        fact = heard["event"]
        assert (fact["name"], fact["about"], fact["data"]["new"]) == ("contact.changed", "contact:1", "+34 600 000 142")
        assert fact in (await other.get("/contacts/1/timeline")).json()["items"] or fact["position"]
        await make.restrict(ana, 1, "user:1")
        await app.state.relay.drain()
        assert (await socket.take("drop"))["topic"] == "contact:1"
