"""Letters brought by LMTP and SMTP, spoken as a mail server speaks."""

import asyncio
import smtplib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from server.cases.delivery import Deliveries
from server.channels.actions import open_channel
from server.channels.doorway import CONNECTIONS, Doorway
from server.channels.forms import ChannelDraft
from server.kit.access import Principal
from server.settings import Settings
from tests import make, needs
from tests.cases.conftest import letter
from tests.conftest import Client

HELP, SALES, NOBODY = "help@nogal.example", "ventas@nogal.example", "nobody@nogal.example"


class Busy(Deliveries):
    """Takes nothing for the second address."""

    async def take(self, tx: Any, channel: Any, opened: Any, to: str = "") -> Any:
        if channel.address == SALES:
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        return await super().take(tx, channel, opened, to)


@pytest.fixture
async def addresses(app: Starlette, ana: object, who: Principal) -> None:
    async with app.state.database.transaction() as tx:
        for address in (HELP, SALES):
            await open_channel(tx, who, ChannelDraft(address, "Nogal", "en"))


Open = Callable[[type[Deliveries]], Awaitable[tuple[int, int]]]


@pytest.fixture
async def door(app: Starlette, addresses: None) -> AsyncIterator[Open]:
    """Opens both doors and gives their ports: (LMTP, SMTP)."""
    running: list[tuple[Doorway, asyncio.Task[None]]] = []

    async def begin(deliveries: type[Deliveries] = Deliveries) -> tuple[int, int]:
        ports = needs.free_port(), needs.free_port()
        places = {"lmtp": f"127.0.0.1:{ports[0]}", "smtp": f"127.0.0.1:{ports[1]}"}
        doorway = Doorway(app.state.database, deliveries(app.state.services.files), **places)
        running.append((doorway, asyncio.create_task(doorway.run())))
        await asyncio.to_thread(needs.wait_until, lambda: all(needs.answers(port) for port in ports))
        return ports

    yield begin
    for doorway, task in running:
        doorway.stop()
        await asyncio.wait_for(task, 10)


async def talk(act: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(act)


async def cases(api: Client) -> list[str]:
    return [case["subject"] for case in (await api.get("/cases")).json()["items"]]


async def test_smtp_takes_letters_for_whom_it_knows(api: Client, door: Open) -> None:
    _lmtp, port = await door(Deliveries)

    def act() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port) as client:
            refused = client.sendmail("h@x.example", [HELP.upper(), NOBODY], letter(Message_ID="<a@x.example>"))
            client.sendmail("h@x.example", [HELP], letter(Message_ID="<a@x.example>"))  # sent again
        return refused

    refused = await talk(act)
    assert list(refused) == [NOBODY] and refused[NOBODY][0] == 550
    assert await cases(api) == ["Steam wand loses pressure"]


async def test_nothing_is_kept_for_nobody(api: Client, door: Open) -> None:
    _lmtp, port = await door(Deliveries)

    def act() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("h@x.example", [NOBODY], letter())

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await talk(act)
    assert await cases(api) == []


def lmtp(port: int, recipients: list[str], raw: bytes) -> list[str]:
    """Raw: the standard library expects one answer for all."""
    said = []
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("h@x.example")
        said += [str(client.rcpt(one)[0]) for one in recipients]
        client.putcmd("data")
        client.getreply()
        client.send(raw.replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        said += [str(client.getreply()[0]) for one in said if one == "250"]
    return said


async def test_lmtp_answers_for_each_recipient(api: Client, door: Open) -> None:
    port, _smtp = await door(Busy)
    said = await talk(lambda: lmtp(port, [HELP, NOBODY, SALES], letter(Message_ID="<a@x.example>")))
    assert said == ["250", "550", "250", "250", "451"]
    assert await cases(api) == ["Steam wand loses pressure"]


async def test_a_busy_database_is_a_not_now(api: Client, door: Open) -> None:
    """And the address that went well does not get the letter twice, though it has no Message-ID."""
    _lmtp, port = await door(Busy)

    def act() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("h@x.example", [HELP, SALES], letter())

    for _again in range(2):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await talk(act)
        assert refused.value.smtp_code == 451
    assert len(await cases(api)) == 1


async def test_letters_have_a_largest_size(api: Client, door: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.channels.doorway.LARGEST", 2000)
    _lmtp, port = await door(Deliveries)

    def act() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("h@x.example", [HELP], letter(text="x" * 70 + "\n" * 3000))

    with pytest.raises(smtplib.SMTPResponseException) as refused:
        await talk(act)
    assert refused.value.smtp_code == 552 and await cases(api) == []


async def test_connections_have_a_most(door: Open) -> None:
    _lmtp, port = await door(Deliveries)

    def act() -> tuple[int, int]:
        many = [smtplib.SMTP("127.0.0.1", port) for _n in range(CONNECTIONS)]
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.SMTP("127.0.0.1", port)
        for one in many:
            one.quit()
        with smtplib.SMTP("127.0.0.1", port) as again:
            return refused.value.smtp_code, again.noop()[0]

    assert await talk(act) == (421, 250)


def test_a_place_is_host_and_port() -> None:
    assert Settings(lmtp_address="127.0.0.1:2424").lmtp_address == "127.0.0.1:2424"
    for wrong in ("2424", "127.0.0.1", "127.0.0.1:0", ":2424"):
        with pytest.raises(ValidationError):
            Settings(smtp_in=wrong)


@pytest.mark.parametrize("recipients", [[HELP], [HELP, SALES]])
async def test_one_letter_by_many_connections_at_once_is_one_message(
    app: Starlette, api: Client, door: Open, recipients: list[str]
) -> None:
    """On PostgreSQL the transactions really overlap: all have their letter before the first is let go."""
    port, _smtp = await door(Deliveries)
    together = threading.Barrier(6)

    def bring(n: int) -> None:
        with smtplib.LMTP("127.0.0.1", port) as client:
            client.ehlo()
            client.mail("h@x.example")
            client.rcpt(recipients[n % len(recipients)])
            together.wait(10)
            assert client.data(letter(Message_ID="<same@x.example>"))[0] == 250

    await asyncio.gather(*(asyncio.to_thread(bring, n) for n in range(6)))
    assert await cases(api) == ["Steam wand loses pressure"]
    assert len((await api.get("/cases/1/messages")).json()["items"]) == 1
    assert len(await make.facts(app, "case.received")) == len(await make.facts(app, "contact.created")) == 1
