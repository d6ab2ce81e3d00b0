"""The verbs on channels."""

from sqlalchemy import select

from server.channels import events as facts
from server.channels.forms import SIGNATURE_LENGTH, ChannelDraft, parse_address, parse_language, parse_name
from server.channels.models import Channel
from server.identity.access import visible_teams
from server.identity.models import Team
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.text import _, clean


async def open_channel(tx: Tx, who: Principal, draft: ChannelDraft) -> Channel:
    """An address is taken once in the installation. One that was closed here is opened again with its cases."""
    address = parse_address(draft.address)
    channel = await tx.scalar(select(Channel).where(Channel.address == address))
    if channel is not None and (channel.closed_at is None or channel.workspace_id != who.workspace_id):
        raise Invalid(address=_("This address is in use already"))
    if channel is None:
        channel = Channel(
            workspace_id=who.workspace_id, kind="email", address=address, created_at=now(), sites=[], options={}
        )
        tx.add(channel)
    channel.closed_at, channel.name = None, parse_name(draft.name, address)
    channel.language, channel.signature = parse_language(draft.language), clean(draft.signature, SIGNATURE_LENGTH)
    channel.team = await _team(tx, who, draft.team_id)
    await tx.flush()
    emit(tx, who, facts.ChannelOpened(subject=channel.subject, address=address))
    return channel


async def _team(tx: Tx, who: Principal, team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    team: Team | None = await tx.scalar(visible_teams(who).where(Team.id == team_id))
    if team is None:
        raise Invalid(team=_("Not in this workspace"))
    return team


async def change_channel(tx: Tx, who: Principal, channel: Channel, draft: ChannelDraft) -> Channel:
    """All but the address: customers have it in their address books."""
    team = await _team(tx, who, draft.team_id)
    fresh = {
        "name": parse_name(draft.name, channel.address),
        "language": parse_language(draft.language),
        "signature": clean(draft.signature, SIGNATURE_LENGTH),
    }
    changes = [(name, getattr(channel, name), new) for name, new in fresh.items() if getattr(channel, name) != new]
    if (channel.team and channel.team.id) != (team and team.id):
        changes.append(("team", channel.team.name if channel.team else "", team.name if team else ""))
    for name, old, new in changes:
        if name != "team":
            setattr(channel, name, new)
        emit(tx, who, facts.ChannelChanged(subject=channel.subject, field=name, old=old[:500], new=new[:500]))
    channel.team = team
    await tx.flush()
    return channel


async def close_channel(tx: Tx, who: Principal, channel: Channel) -> None:
    channel.closed_at = now()
    emit(tx, who, facts.ChannelClosed(subject=channel.subject, address=channel.address))
