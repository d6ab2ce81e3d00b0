"""What the page of a form and the frame of a chat are drawn from."""

from typing import Any

from server.channels.models import Channel
from server.contacts.actions import custom_fields
from server.kit.access import system
from server.kit.db import Tx
from server.portal.queries import house_name
from server.portal.setup import TEXTS, Asked, asked_of, words_of


async def asked_in(tx: Tx, channel: Channel) -> list[Asked]:
    return asked_of(channel.options, await custom_fields(tx, system(channel.workspace_id)))


async def shown_of(tx: Tx, channel: Channel) -> dict[str, Any]:
    """Before anything was typed, in the language of now."""
    words = {name: words_of(channel.options, name) for name in TEXTS[channel.kind]}
    words["title"] = words["title"] or channel.name
    blank = {"values": {}, "errors": {}, "began": "", "key": "", "call": ""}
    place = await house_name(tx, channel.workspace_id)
    return blank | words | {"channel": channel, "place": place, "asked": await asked_in(tx, channel)}
