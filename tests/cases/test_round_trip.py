"""A conversation through real servers: in by IMAP from dovecot, out by SMTP, back again into the same case."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message

import pytest
from aiosmtpd.controller import Controller
from starlette.applications import Starlette

from server.cases.delivery import Deliveries
from server.cases.departures import UNDO
from server.channels.inbox import Login
from server.channels.keeper import MailKeeper
from server.kit.clock import frozen
from server.kit.outbound import Outbound
from tests import needs
from tests.cases.conftest import HELP, letter
from tests.channels.mailboxes import WatchedInbox, watched
from tests.conftest import Client
from tests.dovecot import PASSWORD, Dovecot, dovecot, why_not

ACCOUNT = "/settings/channels/1/accounts"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if reason := why_not():
        pytest.skip(reason)
    with dovecot() as made:
        yield made


class World:
    """The customer's side: where their letters are put, and what reached them."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Message] = asyncio.Queue()
        self.port, self.loop = needs.free_port(), asyncio.get_running_loop()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        sent = message_from_bytes(envelope.content)  # type: ignore[attr-defined]
        self.loop.call_soon_threadsafe(self.received.put_nowait, sent)
        return "250 OK"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    controller = Controller(world, hostname="127.0.0.1", port=world.port)
    controller.start()
    yield world
    controller.stop()


async def until_case(api: Client, rounds: "asyncio.Queue[None]", case: int, messages: int) -> list[dict[str, object]]:
    """Looks after each round of the keeper."""
    while True:
        await asyncio.wait_for(rounds.get(), 10)
        items: list[dict[str, object]] = (await api.get(f"/cases/{case}/messages")).json().get("items", [])
        if len(items) >= messages:
            return items


async def test_a_conversation_stays_one_case(
    app: Starlette, ana: Client, api: Client, channel: int, server: Dovecot, world: World
) -> None:
    services, rounds = app.state.services, asyncio.Queue[None]()
    object.__setattr__(services, "outbound", Outbound(f"127.0.0.1:{server.port},127.0.0.1:{world.port}"))
    incoming = {"host": "127.0.0.1", "port": str(server.port), "security": "none", "username": "help"}
    assert (await ana.put(f"{ACCOUNT}/in", data=incoming | {"password": PASSWORD})).status_code == 200
    outgoing = {"host": "127.0.0.1", "port": str(world.port), "security": "none", "username": ""}
    assert (await ana.put(f"{ACCOUNT}/out", data=outgoing)).status_code == 200

    def inbox(login: Login) -> WatchedInbox:
        return watched(server, rounds, login)

    keeper = MailKeeper(app.state.database, app.state.settings.secret, inbox, Deliveries(services.files))
    keeping = asyncio.create_task(keeper.run())
    await asyncio.wait_for(rounds.get(), 10)  # connected: what comes from now on is new

    first = letter(Message_ID="<1@brightwater.example>")
    await asyncio.to_thread(server.put, "help", first)
    assert len(await until_case(api, rounds, 1, 1)) == 1

    sent = await reply(app, ana, world, seen=1)
    assert sent["In-Reply-To"] == "<1@brightwater.example>" and HELP in sent["From"]

    back = answer_to(sent, "<2@brightwater.example>", "It hisses still.")
    await asyncio.to_thread(server.put, "help", back)
    items = await until_case(api, rounds, 1, 3)
    assert [one["state"] for one in items] == ["in", "sent", "in"]
    assert items[2]["body"] == "It hisses still."

    again = await reply(app, ana, world, seen=3)
    assert again["References"].split() == ["<1@brightwater.example>", sent["Message-ID"], "<2@brightwater.example>"]
    assert len((await api.get("/cases")).json()["items"]) == 1

    keeper.stop()
    await asyncio.wait_for(keeping, 10)


async def reply(app: Starlette, ana: Client, world: World, seen: int) -> Message:
    data = {"audience": "customer", "text": "Please close the left valve.", "seen": str(seen)}
    answer = await ana.post("/cases/1/messages", data=data)
    assert answer.status_code < 300, answer.text
    with frozen() as clock:
        clock.forward(seconds=UNDO.total_seconds() + 1)
        await app.state.worker.drain()
    return await asyncio.wait_for(world.received.get(), 10)


def answer_to(sent: Message, id: str, text: str) -> bytes:
    """As a mail program answers: another subject language, the quoted letter below."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "harriet@brightwater.example", HELP, "AW: something"
    message["Message-ID"], message["In-Reply-To"] = id, sent["Message-ID"]
    message["References"] = f"{sent['References']} {sent['Message-ID']}"
    message.set_content(
        f"{text}\n\nOn Mon, 23 Nov 2026 at 10:12, Nogal <{HELP}> wrote:\n> Please close the left valve.\n"
    )
    return message.as_bytes()
