"""Which process reads a mailbox, how far it has come, and what is wrong with it: rows of `mail_inbox`."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from server.channels import events as facts
from server.channels.accounts import login_of
from server.channels.inbox import Login, Position
from server.channels.models import Channel, LetterAside, MailAccount, MailInbox
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Database, Tx
from server.kit.events import emit
from server.kit.outbound import Unreachable

LEASE = timedelta(seconds=90)
RENEWED = timedelta(seconds=60)  # a lease with less left is made longer


class Lost(Exception):
    """Another process reads this mailbox now, or nobody does any more."""


@dataclass(frozen=True, slots=True)
class Held:
    """An account that this process reads; with another version it is another account."""

    channel_id: int
    version: int


async def hold(database: Database, name: str, most: int) -> list[Held]:
    """Takes what nobody reads and renews what is ours; at most so many."""
    free = or_(MailInbox.owner == name, MailInbox.leased_until.is_(None), MailInbox.leased_until < now())
    rows = (
        select(MailAccount.channel_id, MailAccount.version, MailInbox.owner, MailInbox.leased_until)
        .join(MailInbox, MailInbox.channel_id == MailAccount.channel_id)
        .join(Channel, Channel.id == MailAccount.channel_id)
        .where(MailAccount.way == "in", Channel.closed_at.is_(None), free)
        .order_by((MailInbox.owner == name).desc(), MailAccount.channel_id)
        .limit(most)
    )
    async with database.transaction(read=True) as tx:
        found = (await tx.execute(rows)).all()
    due = {row.channel_id for row in found if row.owner != name or row.leased_until < now() + RENEWED}
    taken: set[int] = set()
    if due:
        mine = update(MailInbox).where(MailInbox.channel_id.in_(due), free).returning(MailInbox.channel_id)
        async with database.transaction() as tx:
            taken = set(await tx.scalars(mine.values(owner=name, leased_until=now() + LEASE)))
    return [Held(row.channel_id, row.version) for row in found if row.channel_id not in due - taken]


async def release(database: Database, name: str) -> None:
    async with database.transaction(read=True) as tx:
        if await tx.scalar(select(MailInbox.channel_id).where(MailInbox.owner == name).limit(1)) is None:
            return
    async with database.transaction() as tx:
        mine = update(MailInbox).where(MailInbox.owner == name)
        await tx.execute(mine.values(owner="", leased_until=None, is_connected=False))


async def asked_again(database: Database) -> list[int]:
    """Channels with letters that somebody wants tried once more."""
    async with database.transaction(read=True) as tx:
        return list(await tx.scalars(select(LetterAside.channel_id).where(LetterAside.again).distinct()))


async def login_for(database: Database, held: Held, secret: bytes) -> Login:
    async with database.transaction(read=True) as tx:
        account = await tx.get(MailAccount, (held.channel_id, "in"))
    if account is None:
        raise Lost
    login = login_of(account, secret)
    if login.username and not login.password:
        raise Unreachable("login")  # sealed with another SECRET_KEY
    return login


async def own_inbox(tx: Tx, name: str, channel_id: int) -> tuple[MailInbox, Channel]:
    """The row, locked, while it is ours."""
    box = await tx.scalar(select(MailInbox).where(MailInbox.channel_id == channel_id).with_for_update())
    channel = await tx.get(Channel, channel_id)
    if box is None or channel is None or box.owner != name or channel.closed_at is not None:
        raise Lost
    return box, channel


async def begin(database: Database, name: str, held: Held, position: Position, pushes: bool) -> None:
    """Connected. A mailbox whose numbers mean other letters than before is read anew: what we hold is known by its
    Message-ID."""
    async with database.transaction() as tx:
        box, channel = await own_inbox(tx, name, held.channel_id)
        if box.last_uid is None:
            box.last_uid = max(0, position.next_uid - 1)
        elif box.validity not in (0, position.validity):
            box.last_uid = 0
            await tx.execute(delete(LetterAside).where(LetterAside.channel_id == channel.id))
        elif box.validity == 0:
            box.old_until = max(0, position.next_uid - 1)
        box.validity, box.pushes = position.validity, pushes
        if not box.is_connected:
            box.is_connected, box.trouble, box.since = True, "", now()
            emit(tx, system(channel.workspace_id, "mail"), facts.ChannelConnected(subject=channel.subject))


async def tell(database: Database, name: str, held: Held, why: str) -> None:
    """What is wrong, said once for as long as it is."""
    async with database.transaction() as tx:
        box, channel = await own_inbox(tx, name, held.channel_id)
        if box.is_connected or box.trouble != why:
            box.is_connected, box.trouble, box.since = False, why, now()
            emit(tx, system(channel.workspace_id, "mail"), facts.ChannelTroubled(subject=channel.subject, why=why))
