"""Where calls stand on pages. The same patches go to other screens and answer whoever acted."""

from server.calls.access import LOBBY
from server.calls.models import Call
from server.calls.queries import calls_of, links_of, message_by_id, mixing_of, rings_of
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.homes import homes_of
from server.kit.live import Change, Patch, fragment
from server.kit.pages import about_id, dom_id


async def room_patches(tx: Tx, call: Call) -> list[Change]:
    """The room's own page: what state it is in, who is in it, who was asked, which links stand."""
    state = fragment("calls/_state.html", call=call)
    rings = await rings_of(tx, call.id)
    people = fragment("calls/_people.html", call=call, rings=rings)
    rung = fragment("calls/_rung.html", call=call, rings=rings)
    links = fragment("calls/_links.html", call=call, links=await links_of(tx, call))
    dot, hosting = fragment("calls/_dot.html", call=call), fragment("calls/_hosting.html", call=call)
    waiting = fragment("calls/_waiting.html", call=call)
    return [
        *(Patch(call.subject + stream, dom_id("call", call.id, "dot"), "replace", dot) for stream in (":all", LOBBY)),
        Patch(call.subject, dom_id("call", call.id, "hosting"), "replace", hosting),
        Patch(call.subject, dom_id("call", call.id, "waiting"), "replace", waiting),
        Patch(call.subject, dom_id("call", call.id, "state"), "replace", state),
        Patch(call.subject, dom_id("call", call.id, "people"), "replace", people),
        Patch(call.subject, dom_id("call", call.id, "rung"), "replace", rung),
        Patch(call.subject, dom_id("call", call.id, "links"), "replace", links),
    ]


async def recording_patch(tx: Tx, call: Call) -> Patch:
    shown = fragment("calls/_recording.html", call=call, mixing=await mixing_of(tx, call))
    return Patch(call.subject, dom_id("call", call.id, "recording"), "replace", shown)


async def said_patch(tx: Tx, call: Call, message_id: int) -> list[Change]:
    """Everybody in the call reads it, guests too."""
    message = await message_by_id(tx, message_id)
    if message is None:
        return []
    shown = fragment("calls/_said.html", message=message)
    return [Patch(f"{call.subject}:all", dom_id("call", call.id, "talk"), "append", shown)]


async def row_patch(tx: Tx, who: Principal, call: Call, topic: str) -> Patch:
    home = (await homes_of(tx, who, [call.about])).get(call.about)
    shown = fragment("calls/_row.html", call=call, home=home)
    return Patch(topic, dom_id("call", call.id, "row"), "replace", shown)


async def record_patch(tx: Tx, who: Principal, about: str) -> Patch:
    """The record's last calls, and the one that goes on."""
    shown = fragment("calls/_on_record.html", about=about, calls=await calls_of(tx, who, about))
    return Patch(about, about_id(about, "calls"), "replace", shown)
