"""What a shop tells: each event once, a line on the customer's record, and the letter that a rule has for it."""

import asyncio
import json
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.automation.models import EventLetter
from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.kit.mail import NotTaken, NullMailer
from tests import make
from tests.cases.conftest import Take, channel, take  # noqa: F401  fixtures
from tests.cases.test_automatic import report
from tests.conftest import Client
from tests.live import assert_live_equals_reload, assert_live_in_both_languages
from tests.timeline.test_live import STREAM
from tests.webhooks.test_inbound import Bridge, bridge  # noqa: F401  a fixture
from tests.webhooks.test_outgoing import work

HTMX = {"HX-Request": "true"}
SHIPPED = {
    "id": "e1",
    "event": "order.shipped",
    "person": {"name": "Harriet Cole", "email": "harriet@brightwater.example"},
    "data": {"number": "A-7", "total": 49.5, "tracking": "https://post.example/1Z"},
}
RULE = {
    "name": "Shipped",
    "moment": "happened",
    "events": "order.shipped, order.sent",
    "brings": "number, tracking",
    "subject_en": "Your order {number} is on its way",
    "text_en": "Hello {first_name},\n\nfollow it: {tracking}",
    "subject_es": "Su pedido {number} va de camino",
    "text_es": "Hola, {first_name}:\n\nsígalo en {tracking}",
}


class Post(NullMailer):
    """A mail server that takes, or refuses for good."""

    is_real = True
    refuses = False

    async def post(self, letter: EmailMessage) -> None:
        if self.refuses:
            raise NotTaken(True)
        await super().post(letter)


@pytest.fixture
def post(app: Starlette) -> Post:
    twin = Post()
    object.__setattr__(app.state.services, "mailer", twin)
    return twin


class Shop:
    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def tell(self, **changes: Any) -> Any:
        return await self._bridge.say(json.dumps(SHIPPED | changes).encode())


@pytest.fixture
def shop(bridge: Bridge) -> Shop:
    return Shop(bridge)


async def rule(ana: Client, **values: str) -> None:
    answer = await ana.post("/settings/automation/rules", data=RULE | values)
    assert answer.status_code == 201, answer.text


async def letters(app: Starlette) -> list[EventLetter]:
    async with app.state.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(EventLetter).order_by(EventLetter.id)))


async def test_a_letter_leaves_with_what_the_event_brings(
    app: Starlette, ana: Client, shop: Shop, channel: int, post: Post
) -> None:
    await rule(ana)
    answer = await shop.tell()
    assert (answer.status_code, answer.json()) == (201, {"event": 1, "known": False})
    await work(app)
    [letter] = post.posted
    assert letter["Subject"] == "Your order A-7 is on its way" and letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "Nogal Café <help@nogal.example>" and "harriet@brightwater.example" in letter["To"]
    body = letter.get_body(("plain",))
    assert body is not None and "Hello Harriet,\n\nfollow it: https://post.example/1Z" in body.get_content()
    page = (await ana.get("/contacts/1")).text
    assert "Order shipped" in page and "A-7" in page and "49.5" in page and "Letter sent to harriet" in page
    assert await make.facts(app, "case.opened") == []


async def test_each_id_once_also_at_the_same_moment(
    app: Starlette, ana: Client, shop: Shop, channel: int, post: Post
) -> None:
    await rule(ana)
    answers = await asyncio.gather(*(shop.tell() for _n in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    await work(app)
    assert len(post.posted) == len(await make.facts(app, "outside.happened")) == 1
    assert (await shop.tell(id="e2")).status_code == 201


@pytest.mark.parametrize(
    ("conditions", "sent"),
    [
        ({}, 1),
        ({"events": "order.placed"}, 0),
        ({"language": "en"}, 1),
        ({"language": "es"}, 0),
        ({"tag": "gold"}, 1),
        ({"tag": "silver"}, 0),
        ({"subject_en": "", "text_en": "", "subject_es": "", "text_es": ""}, 0),
    ],
)
async def test_conditions(
    app: Starlette, ana: Client, shop: Shop, channel: int, conditions: dict[str, str], sent: int
) -> None:
    await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example", tags="gold")
    await rule(ana, **conditions)
    await shop.tell()
    assert len(await letters(app)) == sent


async def test_the_first_that_stops_is_the_last(app: Starlette, ana: Client, shop: Shop, channel: int) -> None:
    nothing = {"subject_en": "", "text_en": "", "subject_es": "", "text_es": ""}
    await rule(ana, name="Not to the trade", tag="gold", stops="1", **nothing)
    await rule(ana)
    await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example", tags="gold")
    await shop.tell()
    await shop.tell(id="e2", person={"email": "other@x.example"})
    assert [one.address for one in await letters(app)] == ["other@x.example"]
    assert (await ana.put("/settings/automation/rules/2/place")).status_code == 200
    await shop.tell(id="e3")
    assert len(await letters(app)) == 2, "asked sooner, it is not stopped any more"


async def test_in_the_language_of_the_customer(app: Starlette, ana: Client, shop: Shop, channel: int) -> None:
    await make.contact(app, "Lucía Ferrer", emails="harriet@brightwater.example", language="es")
    await rule(ana)
    await shop.tell()
    [letter] = await letters(app)
    assert letter.subject == "Su pedido A-7 va de camino" and letter.body.startswith("Hola, Lucía:")


async def test_nothing_is_glued_to_an_open_case(
    app: Starlette, ana: Client, api: Client, shop: Shop, take: Take
) -> None:
    await take()
    await rule(ana)
    await shop.tell()
    assert (await api.get("/cases/1")).json()["about"] == "contact:1"
    assert len((await api.get("/cases/1/messages")).json()["items"]) == 1
    assert [row.about for row in await make.facts(app, "outside.happened")] == ["contact:1"]


async def test_by_phone_to_the_mail_of_the_record_or_not_at_all(
    app: Starlette, ana: Client, shop: Shop, channel: int
) -> None:
    await make.contact(app, "Harriet Cole", emails="h@x.example", phones="+44 20 7946 0999")
    await rule(ana)
    await shop.tell(person={"phone": "+442079460999"})
    await shop.tell(id="e2", person={"phone": "+442079460111"})
    known, unknown = await letters(app)
    assert (known.address, known.state) == ("h@x.example", "sending")
    assert (unknown.state, unknown.problem) == ("failed", "no_address")
    assert "The record has no e-mail address" in (await ana.get("/contacts/2")).text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("refuses", [False, True])
async def test_the_line_says_what_becomes_of_the_letter(
    app: Starlette, ana: Client, mateo: Client, shop: Shop, channel: int, post: Post, language: str, refuses: bool
) -> None:
    await make.speak(app, 2, language)
    await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example")
    await rule(ana)
    await app.state.relay.drain()
    post.refuses = refuses
    look = {"language": language, "regions": ("timeline-contact-1",)}
    await assert_live_equals_reload(app, mateo, "/contacts/1", shop.tell, **look)
    screen = await assert_live_equals_reload(app, mateo, "/contacts/1", app.state.worker.drain, **look)
    stream = screen.page.find("timeline-contact-1")
    words = {("en", False): "Letter sent", ("en", True): "did not take it", ("es", False): "Carta enviada"}
    assert stream is not None and words.get((language, refuses), "Carta no enviada") in stream.text()


async def test_what_customers_type_stays_words(
    app: Starlette, ana: Client, shop: Shop, channel: int, post: Post
) -> None:
    await rule(ana, subject_en="{first_name}: {number}", text_en="Hello {name}! {tracking}")
    hostile = {"number": "A\r\nBcc: all@x.example\u2028X", "tracking": "[Win](https://evil.example) <b>x</b>"}
    await shop.tell(person={"name": "https://evil.example Win", "email": "v@x.example"}, data=hostile)
    await work(app)
    [letter] = post.posted
    assert letter["Bcc"] is None and letter["Subject"] == ": A Bcc: all@x.example X"
    html = letter.get_body(("html",))
    assert html is not None and ">Win<" not in html.get_content() and "<b>x</b>" not in html.get_content()
    assert "Hello !" in html.get_content(), "a name that is an address is left out"
    page = (await ana.get("/contacts/1")).text
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    "changes",
    [
        {"person": None}, {"person": {}}, {"person": {"name": "Nobody"}}, {"person": {"email": "no mail"}},
        {"person": {"email": "a@b.example", "handle": "@x"}}, {"event": "Order shipped"}, {"event": ""}, {"event": 7},
        {"event": "x" * 81}, {"id": ""}, {"id": "a\x00b"}, {"id": 7}, {"data": []}, {"data": {"No Word": "x"}},
        {"data": {"x": ["y"]}}, {"data": {"x": "y" * 501}}, {"data": {f"k{n}": "v" for n in range(31)}}, {"more": 1},
    ],
)  # fmt: skip
async def test_what_is_no_event_is_refused(app: Starlette, shop: Shop, changes: dict[str, Any]) -> None:
    answer = await shop.tell(**changes)
    assert answer.status_code == 422, answer.text
    assert await make.facts(app, "outside.happened", "contact.created") == []


async def test_odd_but_whole(app: Starlette, shop: Shop) -> None:
    answer = await shop.tell(event="membership.renewed-2", data={"x": "a\x00b", "n": 3})
    assert answer.status_code == 201
    [row] = await make.facts(app, "outside.happened")
    assert row.data["words"] == {"x": "ab", "n": "3"}


async def test_size_and_secret(app: Starlette, bridge: Bridge, shop: Shop) -> None:
    assert (await shop.tell(more="x" * 1024 * 1024)).status_code == 413
    assert (await bridge.say(json.dumps(SHIPPED).encode(), secret="whsec_wrong")).status_code == 403
    assert await make.facts(app, "outside.happened") == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"events": ""}, "events"),
        ({"events": "Order shipped"}, "events"),
        ({"brings": "No Word"}, "brings"),
        ({"text_en": "See {track}"}, "text_en"),
        ({"subject_es": "{First Name}"}, "subject_es"),
        ({"text_en": "", "text_es": ""}, "text_en"),
        ({"sender": "99"}, "sender"),
    ],
)
async def test_what_a_rule_may_not_say(ana: Client, wrong: dict[str, str], where: str) -> None:
    answer = await ana.post("/settings/automation/rules", data=RULE | wrong, headers=HTMX)
    assert answer.status_code == 422 and where in answer.text


async def test_the_page_shows_the_rule_as_it_was_typed(ana: Client, channel: int) -> None:
    await rule(ana, sender=str(channel))
    page = (await ana.get("/settings/automation")).text
    for typed in ("order.shipped, order.sent", "number, tracking", RULE["subject_es"], "sígalo en {tracking}"):
        assert typed in page
    assert (await ana.put("/settings/automation/rules/1", data=RULE | {"events": "order.paid"})).status_code == 200
    assert "order.paid" in (await ana.get("/settings/automation")).text


async def test_letters_go_with_an_erased_record(
    app: Starlette, ana: Client, shop: Shop, channel: int, post: Post
) -> None:
    await rule(ana)
    await shop.tell()
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await erase_contact(tx, who, await tx.get_one(Contact, 1))
    await work(app)
    assert await letters(app) == [] and post.posted == []
    [row] = await make.facts(app, "outside.happened")
    assert row.data["words"] == row.data["address"] == ""


async def test_a_letter_that_comes_back_says_so(
    app: Starlette, ana: Client, mateo: Client, shop: Shop, channel: int, post: Post, take: Take
) -> None:
    await rule(ana)
    await shop.tell()
    await work(app)
    [letter] = await letters(app)
    act = lambda: take(report(letter.message_id))  # noqa: E731
    for screen in await assert_live_in_both_languages(app, mateo, "/contacts/1", act, regions=STREAM):
        text, language = screen.page.text(), screen.language
        assert {"en": "Letter did not arrive at harriet", "es": "El correo no llegó a harriet"}[language] in text
        assert {"en": "There is no such address", "es": "No existe esa dirección"}[language] in text
    await take(report(letter.message_id, n=2))
    assert len(await make.facts(app, "letter.failed")) == 1 and await make.facts(app, "case.opened") == []
