"""The verbs on forms and chats, which are channels of their own kinds."""

import secrets
from typing import Any

from sqlalchemy import select

from server.channels import events as channel_facts
from server.channels.models import Channel
from server.identity.access import visible_teams
from server.identity.models import Team
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.text import LANGUAGES, _
from server.portal.access import KINDS, must_be_admin
from server.portal.setup import PlaceDraft

FIRST = {  # what a new one begins with
    "form": [{"name": "name", "required": True}, {"name": "emails", "required": True}],
    "chat": [{"name": "name", "required": False}, {"name": "emails", "required": False}],
}


async def open_place(tx: Tx, who: Principal, kind: str, name: str, language: str) -> Channel:
    """A form or a chat, with a key that stands in public addresses."""
    must_be_admin(who)
    if kind not in KINDS or language not in LANGUAGES:
        raise Invalid(kind=_("No such channel"))
    options: dict[str, Any] = {"fields": FIRST[kind], "texts": {}, "mail": None}
    if kind == "chat":
        options |= {"hours": [], "zone": who.timezone, "call": False}
    channel = Channel(
        workspace_id=who.workspace_id, kind=kind, name=name, address=secrets.token_hex(12), team=None,
        language=language, signature="", sites=[], seal="", options=options, created_at=now(), closed_at=None,
    )  # fmt: skip
    tx.add(channel)
    await tx.flush()
    emit(tx, who, channel_facts.ChannelOpened(subject=channel.subject, address=channel.address))
    return channel


async def change_place(tx: Tx, who: Principal, channel: Channel, draft: PlaceDraft) -> Channel:
    if draft.language not in LANGUAGES:
        raise Invalid(language=_("No such language"))
    team = await tx.scalar(visible_teams(who).where(Team.id == draft.team_id)) if draft.team_id else None
    if draft.team_id and team is None:
        raise Invalid(team=_("Not in this workspace"))
    before = channel.name, " ".join(channel.sites)
    channel.name, channel.language, channel.team_id = draft.name, draft.language, draft.team_id
    channel.sites, channel.options = draft.sites, draft.options | {"page": channel.options.get("page", "")}
    await tx.flush()
    for field, old, new in zip(("name", "sites"), before, (draft.name, " ".join(draft.sites)), strict=True):
        if old != new:
            emit(tx, who, _changed(channel, field, old, new))
    if before == (draft.name, " ".join(draft.sites)):
        emit(tx, who, _changed(channel, "options", "", ""))
    return channel


def _changed(channel: Channel, field: str, old: str, new: str) -> channel_facts.ChannelChanged:
    return channel_facts.ChannelChanged(subject=channel.subject, field=field, old=old[:500], new=new[:500])


async def keep_page(tx: Tx, who: Principal, channel: Channel, page: str) -> None:
    """Where it was looked for last."""
    old = channel.options.get("page", "")
    if page != old:
        channel.options = channel.options | {"page": page}
        emit(tx, who, _changed(channel, "page", old, page))


async def close_place(tx: Tx, who: Principal, channel: Channel) -> None:
    """Nobody writes there any more; its cases stay."""
    channel.closed_at = now()
    emit(tx, who, channel_facts.ChannelClosed(subject=channel.subject, address=channel.address))


async def new_seal(tx: Tx, who: Principal, channel: Channel) -> str:
    """What a new secret is made from; the one before is good for nothing then."""
    channel.seal = secrets.token_hex(16)
    await tx.flush()
    emit(tx, who, _changed(channel, "secret", "", ""))
    return channel.seal


async def list_places(tx: Tx, who: Principal) -> list[Channel]:
    mine = select(Channel).where(Channel.workspace_id == who.workspace_id, Channel.closed_at.is_(None))
    return list(await tx.scalars(mine.where(Channel.kind.in_(KINDS)).order_by(Channel.kind, Channel.name, Channel.id)))
