"""Whether answers to a case's own address reach us: a letter goes to such an address of ours, and has to come in."""

from email.message import EmailMessage

from server.channels import events as facts
from server.channels.apart import APART, address_apart
from server.channels.models import Channel
from server.channels.outgoing import Outgoing, compose, new_message_id
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import emit
from server.kit.text import _, language

PROBE, CAME = "probe", "probe_came"  # in a channel's options: the key that was sent, and when it came in


def set_apart(tx: Tx, who: Principal, channel: Channel, on: bool) -> None:
    if bool(channel.options.get(APART)) != on:
        channel.options = channel.options | {APART: on}
        _tell(tx, who, channel, "answers", "" if on else "apart", "apart" if on else "")


def send_probe(tx: Tx, who: Principal, channel: Channel, key: str) -> None:
    channel.options = {name: value for name, value in channel.options.items() if name != CAME} | {PROBE: key}
    _tell(tx, who, channel, "probe", "", "sent")


def probe_letter(channel: Channel, key: str) -> EmailMessage:
    letter = Outgoing(
        sender=(channel.name, channel.address),
        to=[("", address_apart(channel.address, key))],
        subject=_("Trying where answers come to"),
        body=_("This letter was sent by Tertulia to itself. You need not do anything with it."),
        signature="",
        message_id=new_message_id(channel.address),
        references=(),
        at=now(),
        is_automatic=True,
        language=language(),
    )
    return compose(letter)


def came_back(tx: Tx, who: Principal, channel: Channel, keys: list[str]) -> None:
    if channel.options.get(PROBE) in keys:
        channel.options = channel.options | {PROBE: "", CAME: now().isoformat()}
        _tell(tx, who, channel, "probe", "sent", "came")


def _tell(tx: Tx, who: Principal, channel: Channel, field: str, old: str, new: str) -> None:
    emit(tx, who, facts.ChannelChanged(subject=channel.subject, field=field, old=old, new=new))
