"""Reads about channels for pages and for what is written by them."""

from dataclasses import dataclass

from sqlalchemy import select

from server.channels.access import visible_channels
from server.channels.models import Channel, LetterAside, MailAccount, MailInbox
from server.kit.access import Principal
from server.kit.db import Tx


async def list_channels(tx: Tx, who: Principal) -> list[Channel]:
    return list(await tx.scalars(visible_channels(who).order_by(Channel.address)))


async def every_channel(tx: Tx, who: Principal) -> list[Channel]:
    """Addresses, forms and chats."""
    return list(await tx.scalars(visible_channels(who, None).order_by(Channel.kind, Channel.name, Channel.id)))


async def letters_from(tx: Tx, who: Principal, channel: Channel | None) -> Channel | None:
    """The address that letters about a case leave from: where it came in; of a form or a chat the one that was chosen
    for it, else the first."""
    if channel is None or channel.kind in ("email", "webhook"):
        return channel
    by_mail = await list_channels(tx, who)
    chosen = [one for one in by_mail if one.id == channel.options.get("mail")]
    return next(iter(chosen + by_mail), None)


async def own_addresses(tx: Tx, workspace_id: int) -> set[str]:
    """Addresses that are ours, closed ones too: a letter from one of them is no customer's."""
    return set(await tx.scalars(select(Channel.address).where(Channel.workspace_id == workspace_id)))


@dataclass(frozen=True, slots=True)
class Mail:
    """How a channel's letters come and go. Without an account `incoming` the mail server brings them, without
    `outgoing` they leave by the installation's own server."""

    incoming: MailAccount | None
    outgoing: MailAccount | None
    inbox: MailInbox | None
    aside: list[LetterAside]


async def load_mail(tx: Tx, channel: Channel) -> Mail:
    accounts = await tx.scalars(select(MailAccount).where(MailAccount.channel_id == channel.id))
    by_way = {account.way: account for account in accounts}
    aside = select(LetterAside).where(LetterAside.channel_id == channel.id).order_by(LetterAside.id.desc()).limit(100)
    inbox = await tx.get(MailInbox, channel.id)
    return Mail(by_way.get("in"), by_way.get("out"), inbox, list(await tx.scalars(aside)))
