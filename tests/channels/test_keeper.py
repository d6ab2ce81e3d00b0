"""The keeper of mailboxes, on a twin of one: nothing lost, nothing twice, one process an account."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.delivery import Deliveries
from server.channels import accounts, leases
from server.channels.access import get_channel
from server.channels.actions import open_channel
from server.channels.forms import AccountDraft, ChannelDraft
from server.channels.keeper import MailKeeper
from server.channels.leases import LEASE
from server.channels.models import Channel, LetterAside, MailInbox
from server.channels.taking import BYTES, batches, take_news
from server.kit.access import Principal
from server.kit.clock import frozen
from server.kit.db import Tx
from tests import make
from tests.automation.conftest import rule
from tests.cases.conftest import letter
from tests.channels.mailboxes import Mailbox, MemoryInbox
from tests.channels.test_settings import mateo_becomes_admin
from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.webhooks.test_outgoing import deliveries

DRAFT = AccountDraft("imap.example.org", "993", "tls", "help", "secret", history=True)


class Picky(Deliveries):
    """Fails at letters that say so."""

    async def take(self, tx: Tx, channel: Channel, opened: Any, to: str = "") -> Any:
        taken = await super().take(tx, channel, opened, to)
        if "poison" in opened.letter.subject:
            raise KeyError("something nobody thought of")
        return taken


class Keeping:
    """A keeper at work, and the mailbox that it reads."""

    def __init__(self, app: Starlette, mailbox: Mailbox, post: Deliveries) -> None:
        self.mailbox, self.database, self.post = mailbox, app.state.database, post
        database, secret = app.state.database, app.state.settings.secret
        self.keeper = MailKeeper(database, secret, lambda login: MemoryInbox(mailbox), post)

    async def round(self) -> None:
        """Until everything that is there was taken, and the next news are waited for."""
        await asyncio.wait_for(self.mailbox.rounds.get(), 10)

    async def round_lost(self) -> None:
        """Until it has learned that it is not its mailbox any more."""
        (held,) = self.keeper._tasks
        with pytest.raises(leases.Lost):
            await take_news(self.database, self.keeper._name, held, 1, MemoryInbox(self.mailbox), self.post)


@pytest.fixture
async def mailbox(app: Starlette, ana: object, who: Principal) -> Mailbox:
    async with app.state.database.transaction() as tx:
        channel = await open_channel(tx, who, ChannelDraft("help@nogal.example", "Nogal Café", "en"))
        await accounts.set_account(tx, who, channel, "in", DRAFT, app.state.settings.secret)
    return Mailbox()


@pytest.fixture
async def keep(app: Starlette, mailbox: Mailbox) -> AsyncIterator[Callable[[], Keeping]]:
    """Starts keepers as processes would; the end stops them."""
    tasks: list[tuple[MailKeeper, asyncio.Task[None]]] = []

    def begin() -> Keeping:
        keeping = Keeping(app, mailbox, Picky(app.state.services.files))
        app.state.database.after_commit.append(keeping.keeper.wake)
        tasks.append((keeping.keeper, asyncio.create_task(keeping.keeper.run())))
        return keeping

    yield begin
    for keeper, task in tasks:
        keeper.stop()
        await asyncio.wait_for(task, 10)


def letters(*names: str) -> list[bytes]:
    return [letter(subject=f"About {name}", Message_ID=f"<{name}@x.example>") for name in names]


async def subjects(api: Client) -> list[str]:
    return sorted(
        case["subject"].removeprefix("About ") for case in (await api.get("/cases?limit=100")).json()["items"]
    )


async def test_letters_become_cases_as_they_come(api: Client, mailbox: Mailbox, keep: Callable[[], Keeping]) -> None:
    mailbox.put(*letters("a", "b"))
    keeping = keep()
    await keeping.round()
    assert await subjects(api) == ["a", "b"]
    mailbox.put(*letters("c"))
    await keeping.round()
    assert await subjects(api) == ["a", "b", "c"]


async def test_old_letters_stay_old_unless_wanted(
    app: Starlette, api: Client, who: Principal, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    async with app.state.database.transaction() as tx:
        draft = AccountDraft("imap.example.org", "993", "tls", "other", "secret")
        await accounts.set_account(tx, who, await get_channel(tx, who, 1), "in", draft, app.state.settings.secret)
    mailbox.put(*letters("old"))
    keeping = keep()
    await keeping.round()
    mailbox.put(*letters("new"))
    await keeping.round()
    assert await subjects(api) == ["new"]


async def test_old_letters_change_no_screen_one_by_one(
    app: Starlette, ana: Client, api: Client, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    """They are bulk work: the list is told once for some of them. What comes later is told as ever."""
    mailbox.put(*letters("a", "b"))

    async def begin() -> None:
        await keep().round()

    await assert_live_equals_reload(app, ana, "/cases?view=all", begin, regions=("case-list",))
    assert [row.quiet for row in await make.facts(app, "case.received")] == [True, True]
    mailbox.put(*letters("c"))
    await asyncio.wait_for(mailbox.rounds.get(), 10)
    assert [row.quiet for row in await make.facts(app, "case.received")] == [True, True, False]
    await app.state.relay.drain()
    assert all(row.position for row in await make.facts(app))


async def test_old_letters_are_not_answered_nor_told(
    app: Starlette, ana: Client, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    await rule(ana, answer_en="We have your message.")
    hook = {"address": "https://example.org/hook", "events": ["case.opened"]}
    assert (await ana.post("/settings/webhooks", data=hook)).status_code == 201
    mailbox.put(*letters("a", "b"))
    keeping = keep()
    await keeping.round()
    assert await make.facts(app, "case.answered") == [] and await deliveries(app) == []
    mailbox.put(letter(sender="Olga <olga@x.example>", Message_ID="<c@x.example>"))
    await keeping.round()
    assert len(await make.facts(app, "case.answered")) == 1 and len(await deliveries(app)) == 1


async def test_a_letter_that_fails_stops_only_itself(
    app: Starlette,
    api: Client,
    ana: Client,
    mailbox: Mailbox,
    keep: Callable[[], Keeping],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox.put(*letters("a", "poison", "b"), b"Subject: About large\n\n" + b"x" * 2000)
    monkeypatch.setattr("server.channels.taking.LARGEST", 1500)
    keeping = keep()
    await app.state.relay.drain()
    await assert_live_equals_reload(app, ana, "/settings/channels/1", keeping.round, regions=("aside-of-1",))
    assert await subjects(api) == ["a", "b"]
    page = (await ana.get("/settings/channels/1")).text
    assert "Letter 2 of the mailbox" in page and "It could not be read" in page
    assert "Letter 4 of the mailbox" in page and "Too large" in page
    # Mended it goes in when it is tried again; the other is struck off.
    numbers = await aside(app)
    mailbox.letters[2] = letters("mended")[0]
    assert (await ana.post(f"/settings/channels/1/letters/{numbers[2]}/again")).status_code == 204
    await keeping.round()
    assert await subjects(api) == ["a", "b", "mended"]
    assert (await ana.delete(f"/settings/channels/1/letters/{numbers[4]}")).status_code == 204
    assert await aside(app) == {}
    assert "Letters set aside" not in (await ana.get("/settings/channels/1")).text
    assert (await ana.delete(f"/settings/channels/1/letters/{numbers[4]}")).status_code == 404


async def aside(app: Starlette) -> dict[int, int]:
    async with app.state.database.transaction(read=True) as tx:
        return {one.uid: one.id for one in await tx.scalars(select(LetterAside))}


async def test_one_process_reads_and_another_takes_over(
    app: Starlette, api: Client, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    first = keep()
    await first.round()
    second = Keeping(app, mailbox, Deliveries(app.state.services.files))
    await second.keeper.look()
    assert mailbox.opened == 1 and second.keeper._tasks == {}
    assert await leases.hold(app.state.database, "third", 10) == []
    with frozen() as clock:  # the first one hangs: its lease ends
        clock.forward(seconds=LEASE.total_seconds() + 1)
        held = await leases.hold(app.state.database, "third", 10)
        assert [one.channel_id for one in held] == [1]
        mailbox.put(*letters("a"))
        await first.round_lost()
    assert await subjects(api) == []


async def test_numbers_that_mean_other_letters_bring_nothing_twice(
    api: Client, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    mailbox.put(*letters("a", "b"), letter(subject="About no id"))
    keeping = keep()
    await keeping.round()
    mailbox.renumber()
    mailbox.put(*letters("c"))
    mailbox.trouble = "broken"
    await stopped(keeping)
    mailbox.trouble = None
    await keep().round()
    assert await subjects(api) == ["a", "b", "c", "no id"]


async def stopped(keeping: Keeping) -> None:
    """As a process ends in order."""
    await keeping.keeper._let_go(list(keeping.keeper._tasks))
    await leases.release(keeping.database, keeping.keeper._name)


async def test_what_is_wrong_is_shown_and_mended_by_itself(
    app: Starlette,
    ana: Client,
    mateo: Client,
    mailbox: Mailbox,
    keep: Callable[[], Keeping],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await mateo_becomes_admin(app)
    monkeypatch.setattr("server.channels.keeper.FIRST_WAIT", 0.01)
    told = asyncio.Event()
    app.state.database.after_commit.append(lambda tx: told.set() if tells(tx, "channel.troubled") else None)
    mailbox.trouble = "login"

    async def begin() -> None:
        keep()
        await asyncio.wait_for(told.wait(), 10)

    state = ("mail-of-1",)
    await assert_live_equals_reload(app, mateo, "/settings/channels/1", begin, regions=state)
    assert "does not accept the name and the password" in (await ana.get("/settings/channels/1")).text

    async def mend() -> None:
        mailbox.trouble = None
        await asyncio.wait_for(mailbox.rounds.get(), 10)

    await assert_live_equals_reload(app, mateo, "/settings/channels/1", mend, regions=state)
    assert "Letters come as they arrive" in (await ana.get("/settings/channels/1")).text
    assert len(await make.facts(app, "channel.troubled")) == 1  # said once, however often it was tried


def tells(tx: Tx, name: str) -> bool:
    return any(row.name == name for row in tx.info.get("emitted", ()))


async def test_a_closed_address_is_not_read(
    app: Starlette, ana: Client, mailbox: Mailbox, keep: Callable[[], Keeping]
) -> None:
    await ana.delete("/settings/channels/1")
    keeping = keep()
    await keeping.keeper.look()
    assert mailbox.opened == 0


async def test_a_stop_lets_others_begin_at_once(app: Starlette, mailbox: Mailbox, keep: Callable[[], Keeping]) -> None:
    keeping = keep()
    await keeping.round()
    await stopped(keeping)
    async with app.state.database.transaction(read=True) as tx:
        box = await tx.get_one(MailInbox, 1)
    assert (box.owner, box.is_connected) == ("", False)


def test_batches_are_bounded() -> None:
    assert [len(one) for one in batches([(n, 1000) for n in range(25)])] == [10, 10, 5]
    assert [len(one) for one in batches([(1, BYTES), (2, 5), (3, BYTES), (4, BYTES - 5), (5, 5)])] == [1, 1, 1, 2]
