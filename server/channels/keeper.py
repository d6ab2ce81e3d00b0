"""Keeps a connection to each mailbox and takes what comes: of several processes one reads an account, nothing is lost
and nothing comes twice."""

import asyncio
import contextlib
import random
import secrets
from collections.abc import Awaitable, Callable

from server.channels import leases
from server.channels.accounts import CHANGED
from server.channels.inbox import Inbox, Login
from server.channels.leases import Held
from server.channels.taking import Post, take_news
from server.kit.db import Database, Tx
from server.kit.logging import log
from server.kit.outbound import Unreachable

LOOK_EVERY = 15.0  # seconds: leases are renewed, accounts of processes that died are taken over
IDLE_FOR = 25 * 60.0  # servers let go of who says nothing for half an hour
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0
MOST = 200  # connections of one process


class MailKeeper:
    """`inbox` opens a mailbox, `post` makes cases of letters; both are handed in by main."""

    def __init__(self, database: Database, secret: bytes, inbox: Callable[[Login], Inbox], post: Post) -> None:
        self._database, self._secret, self._inbox, self._post = database, secret, inbox, post
        self._name = secrets.token_hex(8)
        self._tasks: dict[Held, asyncio.Task[None]] = {}
        self._again: dict[int, asyncio.Event] = {}  # by channel: somebody wants a letter tried once more
        self._woken, self._stopping = asyncio.Event(), False

    def wake(self, tx: Tx) -> None:
        if tx.info.get(CHANGED):
            self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        while not self._stopping:
            try:
                await self.look()
            except Exception as error:
                log.error("mail.keeper_failed", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)
            self._woken.clear()
        await self._let_go(list(self._tasks))
        await leases.release(self._database, self._name)

    async def look(self) -> None:
        """Takes and renews leases; begins with accounts that are new or changed, ends with those that are not ours."""
        held = set(await leases.hold(self._database, self._name, MOST))
        await self._let_go([one for one in self._tasks if one not in held])
        for one in held - self._tasks.keys():
            self._tasks[one] = asyncio.create_task(self._keep(one))
        for channel_id in await leases.asked_again(self._database):
            if event := self._again.get(channel_id):
                event.set()

    async def _let_go(self, gone: list[Held]) -> None:
        ending = [self._tasks.pop(one) for one in gone]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _keep(self, held: Held) -> None:
        """Connects again for ever, each time a little later."""
        wait = FIRST_WAIT
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._read(held)
            except leases.Lost:
                pass  # another process reads it by now; the next look ends this task
            except Unreachable as error:
                await self._tell(held, error.why)
            except Exception as error:
                log.error("mail.reading_failed", channel=held.channel_id, error=repr(error))
                await self._tell(held, "broken")
            if asyncio.get_running_loop().time() - began > LONGEST_WAIT:
                wait = FIRST_WAIT  # it had gone well for long
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _tell(self, held: Held, why: str) -> None:
        with contextlib.suppress(Exception):  # the database is away too: said when it is back
            await leases.tell(self._database, self._name, held, why)

    async def _read(self, held: Held) -> None:
        login = await leases.login_for(self._database, held, self._secret)
        inbox = self._inbox(login)
        again = self._again[held.channel_id] = asyncio.Event()
        try:
            position = await inbox.open()
            await leases.begin(self._database, self._name, held, position, inbox.pushes)
            while True:
                again.clear()
                while await take_news(self._database, self._name, held, position.validity, inbox, self._post):
                    pass
                await _first(inbox.wait(IDLE_FOR), again.wait())
        finally:
            self._again.pop(held.channel_id, None)
            await inbox.close()


async def _first(*waits: Awaitable[object]) -> None:
    """Until one of them is over; the other ends with it."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
