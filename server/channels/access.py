"""The only door to channels. Everybody may know them; admins open, change and close them."""

from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from server.channels.apart import address_and_key
from server.channels.models import Channel
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _

Verb = Literal["see", "change"]


def visible_channels(who: Principal, kind: str | None = "email") -> Select[Channel]:
    """`kind` None: of every kind."""
    own = select(Channel).where(Channel.workspace_id == who.workspace_id, Channel.closed_at.is_(None))
    own = own.where(Channel.kind == kind) if kind else own
    return own.options(joinedload(Channel.team))


def may(who: Principal, verb: Verb) -> bool:
    return verb == "see" or who.is_at_least("admin")


async def get_channel(tx: Tx, who: Principal, channel_id: int, to: Verb = "see", kind: str = "email") -> Channel:
    channel = await tx.scalar(visible_channels(who, kind).where(Channel.id == channel_id))
    if channel is None:
        raise NotFound(_("No such channel"))
    if not may(who, to):
        raise Forbidden(_("Only admins change channels"))
    return channel


async def channel_at(tx: Tx, address: str) -> Channel | None:
    """Whose address this is, in the whole installation: for letters that come in, before anybody is known. An address
    of a case's own is that of its channel."""
    wanted = Channel.address == address_and_key(address)[0], Channel.closed_at.is_(None), Channel.kind == "email"
    return await tx.scalar(select(Channel).where(*wanted))
