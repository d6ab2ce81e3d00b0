"""Webhooks in: another messenger's customers become cases, each message once, and replies go back to the bridge."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from server.kit.clock import frozen, now
from server.kit.outbound import Outbound
from tests import make
from tests.conftest import Client
from tests.kit.test_outbound import Site, site  # noqa: F401  a fixture
from tests.live import assert_live_equals_reload
from tests.webhooks.test_outgoing import YES, add, told, work

MESSAGE = {"id": "m1", "from": {"name": "Harriet Cole", "handle": "@harriet"}, "text": "The wand gives wet steam."}


class Bridge:
    """The program between the other messenger and us."""

    def __init__(self, client: Client, path: str, secret: str) -> None:
        self.client, self.path, self.secret = client, path, secret

    async def say(self, message: Any = None, *, seconds: float = 0, secret: str = "", **changes: Any) -> Any:
        body = message if isinstance(message, bytes) else json.dumps(MESSAGE | changes).encode()
        moment = str(int(now().timestamp() + seconds))
        sign = hmac.new((secret or self.secret).encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"tertulia-timestamp": moment, "tertulia-signature": f"sha256={sign}"}
        return await self.client.post(self.path, content=body, headers=headers | {"content-type": "application/json"})


@pytest.fixture
async def bridge(ana: Client) -> Bridge:
    answer = await ana.post("/settings/webhooks/doors", data={"name": "Telegram", "language": "en"})
    assert answer.status_code == 201, answer.text
    path = re.findall(r"/p/hooks/[0-9a-f]+", answer.text)[0]
    return Bridge(ana, path, re.findall(r"whsec_[\w-]+", answer.text)[0])


async def test_a_message_makes_a_case_and_the_next_continues_it(api: Client, bridge: Bridge) -> None:
    first = await bridge.say()
    assert (first.status_code, first.json()) == (201, {"case": 1, "known": False})
    second = await bridge.say(id="m2", text="It hisses.")
    assert second.json()["case"] == 1
    again = await bridge.say()
    assert (again.status_code, again.json()) == (200, {"case": 1, "known": True})
    bodies = [one["body"] for one in (await api.get("/cases/1/messages")).json()["items"]]
    assert bodies == ["The wand gives wet steam.", "It hisses."]
    other = await bridge.say(id="m3", thread="another")
    assert other.json()["case"] == 2


async def test_the_sender_finds_their_record(app: Starlette, api: Client, bridge: Bridge) -> None:
    await make.contact(app, "Harriet Cole", emails="harriet@x.example", phones="+44 20 7946 0999")
    for n, sender in enumerate(({"email": "Harriet@X.example"}, {"phone": "+442079460999"})):
        await bridge.say(id=f"k{n}", **{"from": sender})
        assert (await api.get(f"/cases/{n + 1}")).json()["about"] == "contact:1"
    await bridge.say(id="new")
    assert (await api.get("/cases/3")).json()["about"] == "contact:2"


async def test_who_does_not_know_the_secret_gets_nothing_in(app: Starlette, bridge: Bridge) -> None:
    before = len(await make.facts(app))
    assert (await bridge.say(secret="whsec_wrong")).status_code == 403
    for seconds in (-301, 301):
        assert (await bridge.say(seconds=seconds)).status_code == 403
    unsigned = await bridge.client.post(bridge.path, json=MESSAGE)
    assert unsigned.status_code == 403
    strange = {"tertulia-timestamp": "1" * 30, "tertulia-signature": "sha256=ñ"}
    assert (
        await bridge.client.post(
            bridge.path, json=MESSAGE, headers={"tertulia-timestamp": strange["tertulia-timestamp"]}
        )
    ).status_code == 403
    assert (await bridge.client.post("/p/hooks/nothing", json=MESSAGE)).status_code == 404
    assert len(await make.facts(app)) == before
    with frozen() as clock:
        clock.forward(minutes=4)
        assert (await bridge.say(seconds=-240)).status_code == 201


async def test_files_come_along(app: Starlette, ana: Client, bridge: Bridge) -> None:
    file = {"name": "../Año 2026.pdf", "content": base64.b64encode(b"%PDF-1.7 words").decode()}
    assert (await bridge.say(files=[file])).status_code == 201
    page = (await ana.get("/cases/1")).text
    assert "Año 2026.pdf" in page and ".." not in page.partition("Año 2026.pdf")[0][-3:]
    assert (await ana.get("/case-files/1")).content == b"%PDF-1.7 words"
    assert (await bridge.say(id="m2", files=[file | {"content": "no base64!"}])).status_code == 422
    assert (await bridge.say(id="m3", files=[file], secret="whsec_wrong")).status_code == 403
    assert len(list(app.state.services.files.path("00").parent.parent.glob("??/*"))) == 1  # nobody else fills the disk


async def test_the_same_message_twice_at_once_is_one(app: Starlette, bridge: Bridge) -> None:
    answers = await asyncio.gather(*(bridge.say() for _n in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len(await make.facts(app, "case.opened")) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"id": 1, "from": {}, "text": "x"}', b'{"id": "a", "from": {}, "text": "x"}',
     b'{"id": "a", "from": {"email": "no mail"}, "text": "x"}', b'{"id": "a", "from": {"handle": ["x"]}, "text": "x"}',
     b'{"id": "a", "from": {"handle": "x"}, "text": ""}', b'{"id": "a", "from": {"handle": "x"}, "text": "x", "more": 1}',
     b'{"id": "a", "from": {"handle": "x"}, "text": " \\n "}', b'{"id": "a", "from": {"handle": " "}, "text": "x"}'],
)  # fmt: skip
async def test_what_is_no_message_is_refused(app: Starlette, bridge: Bridge, body: bytes) -> None:
    answer = await bridge.say(body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == "invalid" and answer.json()["message"]
    assert await make.facts(app, "case.opened") == []


async def test_programs_are_told_in_json_what_is_wrong(bridge: Bridge) -> None:
    for answer, status, error in (
        (await bridge.say(secret="whsec_wrong"), 403, "forbidden"),
        (await bridge.client.post("/p/hooks/nothing", json=MESSAGE), 404, "not_found"),
        (await bridge.client.get(bridge.path), 405, "no_such_method"),
        (await bridge.say(b"x" * 300_000), 422, "invalid"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
        assert answer.headers["content-type"].startswith("application/json") and answer.json()["message"]


async def test_a_case_says_that_it_came_by_a_messenger(ana: Client, api: Client, bridge: Bridge) -> None:
    await bridge.say()
    assert (await api.get("/cases/1")).json()["via"] == "webhook"
    assert (await api.get("/cases/1/messages")).json()["items"][0]["via"] == "webhook"
    assert "Messenger" in (await ana.get("/cases/1")).text


async def test_there_is_a_largest_size(bridge: Bridge) -> None:
    assert (await bridge.say(b'{"id": "' + b"x" * 256 * 1024 + b'"}')).status_code == 413


async def test_a_closed_door_is_none(ana: Client, bridge: Bridge) -> None:
    assert (await ana.delete("/settings/webhooks/doors/1")).status_code == 204
    assert (await bridge.say()).status_code == 404


async def test_replies_go_back_to_the_bridge(
    app: Starlette,
    ana: Client,
    api: Client,
    bridge: Bridge,
    site: Site,
) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    site.answers["/hook"] = YES
    await add(ana, f"{site.url}/hook", "case.answered")
    await bridge.say(thread="chat-77")
    reply = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}
    assert (await ana.post("/cases/1/messages", data=reply)).status_code == 201
    await work(app)
    assert site.asked == []  # it may still be taken back
    with frozen() as clock:
        clock.forward(seconds=12)
        await work(app)
    ((_headers, body),) = told(site)
    said = json.loads(body)
    assert (said["event"], said["message"]["body"], said["message"]["to"]) == (
        "case.answered",
        reply["text"],
        "chat-77",
    )
    assert [one["state"] for one in (await api.get("/cases/1/messages")).json()["items"]] == ["in", "sent"]


async def test_a_reply_that_is_taken_back_is_not_told(
    app: Starlette,
    ana: Client,
    bridge: Bridge,
    site: Site,
) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    await add(ana, f"{site.url}/hook", "case.answered")
    await bridge.say()
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Oops", "seen": "1"})
    await ana.delete("/cases/1/messages/2")
    with frozen() as clock:
        clock.forward(seconds=12)
        await work(app)
    assert site.asked == []


async def test_the_bridge_is_told_when_the_reply_is_to_leave(
    app: Starlette, ana: Client, bridge: Bridge, site: Site
) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    site.answers["/hook"] = YES
    await add(ana, f"{site.url}/hook", "case.answered")
    await bridge.say()
    with frozen() as clock:
        later = (clock.at + timedelta(days=4)).isoformat()
        reply = {"audience": "customer", "text": "Good morning.", "seen": "1", "send_at": later}
        assert (await ana.post("/cases/1/messages", data=reply)).status_code == 201
        clock.forward(days=3)
        await work(app)
        assert site.asked == []
        clock.forward(days=1, seconds=2)
        await work(app)
    assert len(told(site)) == 1


async def test_a_handle_is_remembered(app: Starlette, ana: Client, mateo: Client, api: Client, bridge: Bridge) -> None:
    """Whatever thread it writes in, and after the case is closed; another door's handle is another person."""
    await bridge.say(thread="one")
    await bridge.say(id="m2", thread="two", **{"from": {"handle": "@Harriet"}})
    assert [(await api.get(f"/cases/{n}")).json()["about"] for n in (1, 2)] == ["contact:1", "contact:1"]
    assert len(await make.facts(app, "contact.created")) == 1
    assert "@Harriet</span> · Telegram" in (await ana.get("/panels/cases?about=contact:1")).text
    door = await ana.post("/settings/webhooks/doors", data={"name": "Elsewhere", "language": "en"})
    other = Bridge(ana, re.findall(r"/p/hooks/[0-9a-f]+", door.text)[0], re.findall(r"whsec_[\w-]+", door.text)[0])
    await other.say(id="o1")
    assert (await api.get("/cases/3")).json()["about"] == "contact:2"
    await app.state.relay.drain()
    told = lambda: other.say(id="o2", thread="x", **{"from": {"handle": "@harriet_c", "email": "h@x.example"}})  # noqa: E731
    await ana.put("/contacts/2/facts/emails", data={"value": "h@x.example", "seen": "0"})
    await app.state.relay.drain()
    await assert_live_equals_reload(app, mateo, "/panels/cases?about=contact:2", told, regions=("contact-2-cases",))


async def test_a_wrong_match_is_mended_for_good(app: Starlette, ana: Client, api: Client, bridge: Bridge) -> None:
    await make.contact(app, "Somebody else")
    await bridge.say(thread="one")
    assert (await ana.put("/cases/1/record", data={"about": "contact:1"})).status_code == 200
    await bridge.say(id="m2", thread="two")
    assert (await api.get("/cases/2")).json()["about"] == "contact:1"


async def test_a_merged_thread_goes_on_where_it_went(ana: Client, api: Client, bridge: Bridge) -> None:
    await bridge.say(thread="one")
    await bridge.say(id="m2", thread="two")
    assert (await ana.put("/cases/2/merge", data={"into": "1"})).status_code == 200
    assert (await bridge.say(id="m3", thread="two")).json()["case"] == 1
    await ana.put("/cases/1/status", data={"status": "closed"})
    again = await bridge.say(id="m4", thread="two")
    assert again.json()["case"] == 3
    assert "goes on from case 1, which is closed" in (await ana.get("/cases/3")).text
    assert (await bridge.say(id="m5", thread="two")).json()["case"] == 3


async def test_a_split_thread_goes_on_in_its_newest_case(ana: Client, api: Client, bridge: Bridge) -> None:
    await bridge.say()
    await bridge.say(id="m2", text="And where is my order?")
    assert (await ana.post("/cases/1/messages/2/split", data={"subject": "The order"})).status_code == 201
    assert (await bridge.say(id="m3")).json()["case"] == 2
