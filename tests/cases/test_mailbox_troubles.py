"""A real mailbox that drops its readers, is moved away and comes back with other numbers: nothing is lost, nothing comes
twice."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import pytest
from starlette.applications import Starlette

from server.cases.delivery import Deliveries
from server.channels import keeper as keeping
from server.channels.inbox import Login
from server.channels.keeper import MailKeeper
from server.kit.outbound import Outbound
from tests.cases.conftest import HELP, letter
from tests.channels.mailboxes import WatchedInbox, watched
from tests.conftest import Client
from tests.dovecot import PASSWORD, Dovecot, dovecot, why_not

FOLDER = "Support"


@pytest.fixture
def server() -> Iterator[Dovecot]:
    if reason := why_not():
        pytest.skip(reason)
    with dovecot() as made:
        yield made


@pytest.fixture
async def rounds(
    app: Starlette, ana: Client, channel: int, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator["asyncio.Queue[None]"]:
    """Each time that the keeper waits for news of the folder."""
    monkeypatch.setattr(keeping, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(keeping, "LONGEST_WAIT", 0.2)
    with_folder(server, "create", FOLDER)
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{server.port}"))
    account = {"host": "127.0.0.1", "port": str(server.port), "security": "none", "username": "help"}
    account |= {"password": PASSWORD, "folder": FOLDER}
    assert (await ana.put(f"/settings/channels/{channel}/accounts/in", data=account)).status_code == 200
    rounds = asyncio.Queue[None]()

    def inbox(login: Login) -> WatchedInbox:
        return watched(server, rounds, login)

    keeper = MailKeeper(app.state.database, app.state.settings.secret, inbox, Deliveries(app.state.services.files))
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(rounds.get(), 10)
    yield rounds
    keeper.stop()
    await asyncio.wait_for(running, 10)


def with_folder(server: Dovecot, act: str, *names: str) -> None:
    client = server.client("help")
    answer, _rest = getattr(client, act)(*names)
    assert answer == "OK", (act, names)
    client.logout()


def put(server: Dovecot, raw: bytes) -> None:
    client = server.client("help")
    answer, _rest = client.append(FOLDER, "", "", raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert answer == "OK"
    client.logout()


def numbered(n: int, **more: str) -> bytes:
    return letter(subject=f"Letter {n}", Message_ID=f"<{n}@x.example>", **more)


async def until(api: Client, rounds: "asyncio.Queue[None]", count: int) -> list[str]:
    while True:
        found = [one["subject"] for one in (await api.get("/cases")).json()["items"]]
        if len(found) >= count:
            return found
        await asyncio.wait_for(rounds.get(), 20)


async def test_it_reads_on_after_each_of_them(
    app: Starlette, ana: Client, api: Client, channel: int, server: Dovecot, rounds: "asyncio.Queue[None]"
) -> None:
    await asyncio.to_thread(put, server, numbered(1))
    assert await until(api, rounds, 1) == ["Letter 1"]

    kick = [shutil.which("doveadm") or "doveadm", "-c", str(server.folder / "dovecot.conf"), "kick", "help"]
    await asyncio.to_thread(subprocess.run, kick, check=True, capture_output=True)
    await asyncio.to_thread(put, server, numbered(2))
    assert await until(api, rounds, 2) == ["Letter 1", "Letter 2"], "the server dropped us"

    await asyncio.to_thread(with_folder, server, "rename", FOLDER, "Elsewhere")
    await asyncio.to_thread(subprocess.run, kick, check=True, capture_output=True)
    page = f"/settings/channels/{channel}"
    async with asyncio.timeout(20):
        while "is tried again by itself" not in (await ana.get(page)).text:
            await asyncio.sleep(0)  # nobody tells of a try that failed but the page
    await asyncio.to_thread(with_folder, server, "create", FOLDER)  # another UIDVALIDITY, numbers from one again
    await asyncio.to_thread(put, server, numbered(2))
    await asyncio.to_thread(put, server, numbered(3))
    assert await until(api, rounds, 3) == ["Letter 1", "Letter 2", "Letter 3"], "read anew, and nothing twice"

    big = EmailMessage()
    big["From"], big["To"], big["Subject"], big["Message-ID"] = "h@x.example", HELP, "Large", "<large@x.example>"
    big.set_content("See")
    big.add_attachment(b"x" * 22_000_000, maintype="application", subtype="zip", filename="large.zip")
    await asyncio.to_thread(put, server, big.as_bytes())
    assert await until(api, rounds, 4) == ["Letter 1", "Letter 2", "Letter 3", "Large"]
    assert "large.zip" in (await ana.get("/cases/4")).text
