"""Webhooks out: signed, the same bytes again, later and later, logged, switched off after days; never more than their
maker may see."""

import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.kit.clock import frozen, now
from server.kit.events import REGISTRY
from server.kit.outbound import Outbound
from server.webhooks.forms import EVENTS
from server.webhooks.models import Webhook, WebhookDelivery
from tests import make
from tests.cases.conftest import Take, channel, take  # noqa: F401  fixtures
from tests.channels.test_settings import mateo_becomes_admin
from tests.conftest import Client
from tests.kit.test_outbound import Site, site  # noqa: F401  a fixture

PAGE = "/settings/webhooks"
YES = b"HTTP/1.1 204 Fine\r\nContent-Length: 0\r\n\r\n"
NO = b"HTTP/1.1 500 secret internals\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
async def hook(app: Starlette, ana: Client, site: Site) -> str:
    """A webhook at the test's site; its secret."""
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    site.answers["/hook"] = YES
    return await add(ana, f"{site.url}/hook", "contact.created", "contact.changed", "case.answered")


async def add(client: Client, address: str, *events: str) -> str:
    answer = await client.post(PAGE, data={"address": address, "events": list(events)})
    assert answer.status_code == 201, answer.text
    return re.findall(r"whsec_[\w-]+", answer.text)[0]


async def work(app: Starlette) -> None:
    await app.state.relay.drain()
    await app.state.worker.drain()


def told(site: Site) -> list[tuple[dict[str, str], bytes]]:
    found = []
    for one in site.asked:
        head, _blank, body = one.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        found.append(({name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body))
    return found


async def deliveries(app: Starlette) -> list[WebhookDelivery]:
    async with app.state.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


async def test_what_happens_is_told_and_signed(app: Starlette, ana: Client, site: Site, hook: str) -> None:
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await work(app)
    ((headers, body),) = told(site)
    signed = headers["tertulia-timestamp"].encode() + b"." + body
    assert headers["tertulia-signature"] == "sha256=" + hmac.new(hook.encode(), signed, hashlib.sha256).hexdigest()
    said: dict[str, Any] = json.loads(body)
    assert (said["event"], said["workspace"], said["data"]["subject"]) == ("contact.created", "Nogal Café", "contact:1")
    assert said["id"].startswith("evt_") and said["time"] and headers["content-type"] == "application/json"
    assert [(one.state, one.status, one.attempts) for one in await deliveries(app)] == [("done", 204, 1)]


async def test_replies_for_later_are_told_of(
    app: Starlette, ana: Client, api: Client, take: Take, site: Site, hook: str
) -> None:
    """What is planned, that it waits, and that it was taken back; none of them is the answer itself."""
    names = ("case.scheduled", "case.held", "case.withdrawn")
    await add(ana, f"{site.url}/hook", *names)
    await take(Message_ID="<a@x.example>")
    later = {"send_at": (now() + timedelta(hours=3)).isoformat()}
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "On Monday.", "seen": "1"} | later)
    await work(app)
    await take(In_Reply_To="<a@x.example>", Message_ID="<b@x.example>")
    await work(app)
    await api.delete("/cases/1/messages/2")
    await work(app)
    heard = [json.loads(body) for _headers, body in told(site) if b"case." in body]
    assert [(one["event"], one.get("message", {}).get("state")) for one in heard] == [
        ("case.scheduled", "scheduled"), ("case.held", "paused"), ("case.withdrawn", None),
    ]  # fmt: skip
    assert heard[0]["message"]["to"] == "harriet@brightwater.example"


async def test_what_was_told_of_an_erased_person_is_forgotten(
    app: Starlette, ana: Client, take: Take, site: Site, hook: str
) -> None:
    await add(ana, f"{site.url}/hook", "case.received")
    await take()
    await work(app)
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await erase_contact(tx, who, await tx.get_one(Contact, 1))
    log = await deliveries(app)
    assert {(one.state, one.body) for one in log} == {("done", "")} and len(log) == 2
    asked = len(site.asked)
    await ana.post(f"{PAGE}/2/deliveries/{log[-1].id}")
    await work(app)
    assert len(site.asked) == asked, "nor is it sent again"


async def test_the_secret_is_shown_once(app: Starlette, ana: Client, hook: str) -> None:
    assert hook not in (await ana.get(PAGE)).text
    async with app.state.database.transaction(read=True) as tx:
        webhook = await tx.get_one(Webhook, 1)
    assert hook not in webhook.sealed and hook not in str([row.data for row in await make.facts(app)])


async def test_what_was_not_asked_for_is_not_told(app: Starlette, ana: Client, site: Site, hook: str) -> None:
    await ana.post("/api/v1/tasks", json={"title": "x"})
    await ana.post("/tasks", data={"title": "Call"})
    await work(app)
    assert site.asked == []


async def test_a_refusal_is_tried_again_with_the_same_bytes(
    app: Starlette,
    ana: Client,
    site: Site,
    hook: str,
) -> None:
    site.answers["/hook"] = NO
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await work(app)
    page = (await ana.get(PAGE)).text
    assert "On its way" in page and "500" in page and "secret internals" not in page and "Nothing arrives since" in page
    site.answers["/hook"] = YES
    with frozen() as clock:
        clock.forward(minutes=5)
        await work(app)
    first, second = told(site)
    assert first[1] == second[1] and first[0]["tertulia-delivery"] == second[0]["tertulia-delivery"]
    page = (await ana.get(PAGE)).text
    assert "Arrived" in page and "Nothing arrives since" not in page


async def test_after_many_tries_it_is_given_up_and_sent_again_by_hand(
    app: Starlette,
    ana: Client,
    site: Site,
    hook: str,
) -> None:
    site.answers["/hook"] = NO
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    with frozen() as clock:
        for _again in range(14):
            await work(app)
            clock.forward(hours=1)
    (one,) = await deliveries(app)
    assert (one.state, one.attempts, len(site.asked)) == ("failed", 10, 10)
    site.answers["/hook"] = YES
    assert (await ana.post(f"{PAGE}/1/deliveries/1")).status_code == 204
    await work(app)
    assert [one.state for one in await deliveries(app)] == ["done"] and len(site.asked) == 11


async def test_after_days_it_is_switched_off_and_its_maker_told(
    app: Starlette,
    ana: Client,
    site: Site,
    hook: str,
) -> None:
    site.answers["/hook"] = NO
    with frozen() as clock:
        for n in range(7):
            await ana.post("/contacts", data={"name": f"Customer {n}"})
            await work(app)
            clock.forward(days=1)
            await work(app)
        asked = len(site.asked)
        await ana.post("/contacts", data={"name": "Nobody"})
        await work(app)
    assert len(site.asked) == asked and "Switched off" in (await ana.get(PAGE)).text
    assert (await ana.get("/notices")).text.count("A webhook of yours is switched off") == 1
    assert len(await make.facts(app, "webhook.failing")) == 1
    assert (await ana.put(f"{PAGE}/1", data={"is_on": "1", "events": ["contact.created"]})).status_code == 200
    site.answers["/hook"] = YES
    await ana.post("/contacts", data={"name": "Again"})
    await work(app)
    assert len(site.asked) == asked + 1


@pytest.mark.parametrize(
    "inside", ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://0x7f.1/", "http://[::1]/"]
)
async def test_inside_addresses_are_never_told(app: Starlette, ana: Client, inside: str) -> None:
    """However it was saved: what a name stands for is looked up at each delivery."""
    await add(ana, "https://hook.example/", "contact.created")
    async with app.state.database.transaction() as tx:
        (await tx.get_one(Webhook, 1)).address = inside
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await work(app)
    assert [(one.status, one.problem) for one in await deliveries(app)] == [(None, "inside")]
    assert "not allowed" in (await ana.get(PAGE)).text


async def test_a_redirect_is_no_yes(app: Starlette, ana: Client, site: Site, hook: str) -> None:
    site.go("/hook", "/elsewhere")
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await work(app)
    assert [(one.state, one.status) for one in await deliveries(app)] == [("waiting", 302)] and len(site.asked) == 1


async def test_its_maker_tells_no_more_than_they_may_see(
    app: Starlette,
    ana: Client,
    mateo: Client,
    site: Site,
) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    await mateo_becomes_admin(app)
    await add(mateo, f"{site.url}/hook", "contact.created")
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await make.restrict(ana, 1, "user:1")
    await work(app)
    assert site.asked == [] and [one.state for one in await deliveries(app)] == ["left"]


async def test_who_is_gone_is_told_nothing(app: Starlette, ana: Client, mateo: Client, site: Site) -> None:
    """And the webhook is switched off: nobody's rights hold for it any more."""
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    await mateo_becomes_admin(app)
    await add(mateo, f"{site.url}/hook", "contact.created")
    assert (await ana.delete("/settings/people/2")).status_code == 200
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await work(app)
    assert site.asked == [] and "Switched off" in (await ana.get(PAGE)).text


async def test_a_webhook_that_is_gone_sends_nothing(app: Starlette, ana: Client, site: Site, hook: str) -> None:
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    assert (await ana.delete(f"{PAGE}/1")).status_code == 204
    await work(app)
    assert site.asked == [] and await deliveries(app) == []


async def test_only_admins_and_only_their_own(ana: Client, mateo: Client, stranger: Client, hook: str) -> None:
    assert (await mateo.get(PAGE)).status_code == 403
    assert (await mateo.post(PAGE, data={"address": "https://x.example", "events": "case.opened"})).status_code == 403
    assert (await mateo.delete(f"{PAGE}/1")).status_code == 403
    assert (await mateo.post(f"{PAGE}/doors", data={"name": "x"})).status_code == 403
    assert (await stranger.delete(f"{PAGE}/1")).status_code == 404
    assert (await stranger.put(f"{PAGE}/1", data={"events": "case.opened"})).status_code == 404


@pytest.mark.parametrize(
    ("address", "events"),
    [
        ("ftp://x", "case.opened"),
        ("x", "case.opened"),
        ("https://u:p@x.example", "case.opened"),
        ("https://x.example", "user.invited"),
        ("https://x.example", ""),
    ],
)
async def test_what_is_no_webhook_says_so(ana: Client, address: str, events: str) -> None:
    assert (await ana.post(PAGE, data={"address": address, "events": events})).status_code == 422


def test_every_event_that_can_be_chosen_is_one() -> None:
    assert set(EVENTS) <= set(REGISTRY), set(EVENTS) - set(REGISTRY)


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254", "localhost"])
async def test_an_address_inside_the_house_is_refused_when_it_is_saved(app: Starlette, ana: Client, host: str) -> None:
    """And looked up again when something is sent: the name may lead elsewhere by then."""
    answer = await ana.post(PAGE, data={"address": f"http://{host}:8080/hook", "events": "contact.created"})
    assert answer.status_code == 422 and "own network are not allowed" in answer.text, answer.text
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(Webhook.id)) is None
