"""What screens see of calls: the room, its record, the log, and the cards of those it rings."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.calls.access import LOBBY, STREAMS, visible_calls
from server.calls.models import Call
from server.calls.places import record_patch, recording_patch, room_patches, row_patch, said_patch
from server.calls.queries import call_by_id, members_in, names_in, rung_by
from server.contacts.access import KINDS
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.homes import Home, homes_of
from server.kit.jobs import JobRow
from server.kit.live import Change, Patch, Recheck, Refresh, lines, shows, silent
from server.kit.pages import dom_id

LINES = (
    "call.started",
    "call.answered",
    "call.missed",
    "call.rang",
    "call.joined",
    "call.left",
    "call.said",
    "call.changed",
    "call.consented",
    "call.ended",
    "call.recorded",
    "recording.removed",
    "recording.lost",
    "call.logged",
    "guest.invited",
    "guest.uninvited",
    "guest.waiting",
)
SMALL = ("muted", "held", "host", "legal_hold", "locked", "admitted")
RINGS = ("call.started", "call.rang", "call.answered", "call.declined", "call.missed", "call.ended", "call.joined")
LISTED = ("call.started", "call.answered", "call.missed", "call.joined", "call.ended", "call.recorded")
RECORDINGS = ("call.ended", "call.recorded", "recording.removed")
CARDS = ["rings", "nav", "tabbar"]
GOING = 200  # calls at once whose heads follow
silent("call.unheard", "what comes of it, a notice, is shown")


@shows(*LINES, "call.declined")
async def show_call(tx: Tx, row: EventRow) -> list[Change]:
    """Rights are the record's: of a closed record's call neither the log nor anybody else hears."""
    who = system(row.workspace_id)
    call = await call_by_id(tx, who, subject_id(row.subject))
    if call is None:
        return [Recheck(row.subject)]
    if row.name == "call.said":
        return await said_patch(tx, call, row.data["message"])
    changes = await room_patches(tx, call)
    if row.name == "call.changed" and row.data["field"] == "admitted":
        changes.append(Refresh(call.subject + LOBBY, ["call-beside"]))  # what is said from now on is theirs too
    _record, lists = await audiences(tx, row.about, f"calls:{row.workspace_id}")
    if row.name in ("call.started", "call.logged"):
        changes += [Refresh(topic, ["call-list"]) for topic in lists]
    elif row.name in LISTED or row.name == "recording.removed":
        changes += [await row_patch(tx, who, call, topic) for topic in lists]
    if call.about.partition(":")[0] in KINDS and row.name in (*LISTED, "call.logged"):
        changes.append(await record_patch(tx, who, call.about))
    if row.name in RECORDINGS or (row.name == "call.changed" and row.data["field"] == "legal_hold"):
        changes.append(await recording_patch(tx, call))
    return changes + await _cards(tx, row, call)


async def _cards(tx: Tx, row: EventRow, call: Call) -> list[Change]:
    """Each person fetches their own; whoever looks at the record sees that it rings there."""
    if row.name not in RINGS:
        return []
    people = await rung_by(tx, call.id) | {row.actor_id}
    theirs: list[Change] = [Refresh(f"user:{id}", CARDS) for id in sorted(id for id in people if id is not None)]
    return [*theirs, Refresh(call.about, ["rings"])] if call.about else theirs


@shows("job.progressed")
async def show_mixing(tx: Tx, row: EventRow) -> list[Change]:
    """How far a recording's mix or video is, on the page of its call."""
    job = await tx.get(JobRow, subject_id(row.subject))
    if job is None or job.name not in ("calls.mix", "calls.video"):
        return []
    call = await call_by_id(tx, system(row.workspace_id), job.args["call"])
    return [await recording_patch(tx, call)] if call is not None else []


@shows("contact.trashed", "contact.restored", "contact.restricted")
async def show_record_gone(tx: Tx, row: EventRow) -> list[Change]:
    """The calls of a record that is closed or in the trash leave the log, and those in them are asked again."""
    comes_back = row.name == "contact.restored" or (row.name == "contact.restricted" and not row.data["new"])
    return await _rights_changed(tx, row, comes_back)


@shows("room.left", "room.changed")
async def show_room_gone(tx: Tx, row: EventRow) -> list[Change]:
    """Who leaves a closed room hears its call no more; a room that is closed takes its calls out of the log."""
    if row.name == "room.left":
        return await _asked_again(tx, await _calls_of(tx, row))
    return await _rights_changed(tx, row, not row.data["new"]) if row.data["field"] == "private" else []


async def _calls_of(tx: Tx, row: EventRow) -> list[Call]:
    found = select(Call).where(Call.workspace_id == row.workspace_id, Call.about == row.subject)
    return list(await tx.scalars(found.order_by(Call.id.desc()).limit(500)))


async def _rights_changed(tx: Tx, row: EventRow, comes_back: bool) -> list[Change]:
    calls, topic = await _calls_of(tx, row), f"calls:{row.workspace_id}"
    asked = await _asked_again(tx, calls)
    if comes_back:
        return asked + ([Refresh(topic, ["call-list"])] if calls else [])
    return asked + [Patch(topic, dom_id("call", call.id, "row"), "remove") for call in calls]


async def _asked_again(tx: Tx, calls: list[Call]) -> list[Change]:
    """Those who hear or carry the calls that go on. Who is in one need not listen to it: their own topic has the media
    asked again too."""
    going = [call for call in calls if call.is_open]
    asked: list[Change] = [Recheck(f"{call.subject}{stream}") for call in going for stream in STREAMS]
    return asked + [Recheck(f"user:{id}") for id in await members_in(tx, [call.id for call in going])]


@shows("contact.changed", "room.changed", "task.changed")
async def show_names(tx: Tx, row: EventRow) -> list[Change]:
    """Rows of the log carry the name of what their call belongs to."""
    if row.data["field"] != ("title" if row.name == "task.changed" else "name"):
        return []
    who = system(row.workspace_id)
    _record, lists = await audiences(tx, row.subject, f"calls:{row.workspace_id}")
    found = visible_calls(who).where(Call.about == row.subject).order_by(Call.id.desc()).limit(20)
    ids = list(await tx.scalars(found.with_only_columns(Call.id)))
    calls = [call for id in ids if lists and (call := await call_by_id(tx, who, id)) is not None]
    return [await row_patch(tx, who, call, topic) for call in calls for topic in lists]


@shows("contact.changed", "company.relabelled", "room.changed", "task.changed")
async def show_head(tx: Tx, row: EventRow) -> list[Change]:
    """Above a call that goes on stands whom it is with, and where they work."""
    if row.data.get("field", "name") not in ("name", "title", "company"):
        return []
    who = system(row.workspace_id)
    found = select(Call).where(Call.workspace_id == row.workspace_id, Call.ended_at.is_(None)).order_by(Call.id.desc())
    calls = list(await tx.scalars(found.limit(GOING)))
    homes = await homes_of(tx, who, {call.about for call in calls if call.about})
    told = [call for call in calls if call.about and row.subject in (call.about, _works_at(homes.get(call.about)))]
    return [Refresh(f"{call.subject}:team", ["call-home"]) for call in told]


def _works_at(home: Home | None) -> str | None:
    company = home.record.company_id if home and home.record else None
    return f"company:{company}" if company else None


@lines(*LINES, template="calls/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, Any]]:
    """All is in the facts but the names of those whom a call rang: no statement, two when there are such."""
    rang = [row for row in rows if row.name == "call.rang"]
    names = await names_in(tx, {row.data["to_user"] for row in rang}, {row.data["to_team"] for row in rang})
    return {
        row.id: {"url": f"/calls/{subject_id(row.subject)}", "names": names, "ended": _ended(row)}
        for row in rows
        if not _is_small(row)
    }


def _ended(row: EventRow) -> datetime | None:
    """When a call was over that somebody wrote down later."""
    return datetime.fromisoformat(said) if row.name == "call.logged" and (said := row.data["ended"]) else None


def _is_small(row: EventRow) -> bool:
    """Of the moment, or said by another line already: not worth one of the record's."""
    if row.name == "call.left":
        return row.data["reason"] in ("ended", "lobby")
    return row.name == "call.changed" and row.data["field"] in SMALL
