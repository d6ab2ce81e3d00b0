"""Which facts become notices. No other domain is asked: the fact says it."""

from dataclasses import replace

from sqlalchemy import delete, select, update

from server.kit.about import subject_id
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import SearchRow
from server.notices.actions import NoticeDraft, notify, read_place
from server.notices.models import Notice


def _record_url(about: str | None, part: str = "") -> str:
    kind, _, number = (about or "").partition(":")
    place = {"contact": "contacts", "company": "companies"}.get(kind)
    return f"/{place}/{number}{part}" if place else "/notices"


@reacts("note.created", "note.edited")
async def tell_of_note(tx: Tx, row: EventRow) -> None:
    url = _record_url(row.about, f"#note-{subject_id(row.subject)}")
    await notify(tx, row, row.data.get("mentions") or (), NoticeDraft("note", row.data.get("excerpt") or "", url))


@reacts("message.posted", "message.edited")
async def tell_of_message(tx: Tx, row: EventRow) -> None:
    url = f"/messages/{subject_id(row.subject)}"
    text, place = row.data["excerpt"], f"room:{row.data['room']}"
    if (other := row.data.get("to")) is not None:
        return await _tell_once(tx, row, other, NoticeDraft("direct", text, url, place))
    await notify(tx, row, row.data["mentions"], NoticeDraft("mention", text, url, place))


async def _tell_once(tx: Tx, row: EventRow, user_id: int, draft: NoticeDraft) -> None:
    """A conversation is one notice: the newest words in place of those that are not read yet."""
    waiting = delete(Notice).where(
        Notice.user_id == user_id, Notice.kind == "direct", Notice.about == row.about, Notice.read_at.is_(None)
    )
    await tx.execute(waiting)
    await notify(tx, row, [f"user:{user_id}"], draft)


@reacts("room.read")
async def read_with_room(tx: Tx, row: EventRow) -> None:
    await read_place(tx, row, row.data["user"], row.subject, row.data["message"])


@reacts("room.changed")
async def follow_room(tx: Tx, row: EventRow) -> None:
    """Notices from a room that was closed are for its members alone."""
    if row.data["field"] == "private":
        inside = update(Notice).where(Notice.workspace_id == row.workspace_id, Notice.place == row.subject)
        await tx.execute(inside.values(about=row.about).execution_options(synchronize_session=False))


@reacts("message.removed")
async def forget_message(tx: Tx, row: EventRow) -> None:
    """Words that were taken back are not kept under the bell."""
    gone = delete(Notice).where(Notice.workspace_id == row.workspace_id, Notice.subject == row.subject)
    await tx.execute(gone)


@reacts("task.created", "task.assigned")
async def tell_of_task(tx: Tx, row: EventRow) -> None:
    """`assignee` of a new task, `new` and `new_team` of one that was given away."""
    person = row.data.get("new") if row.name == "task.assigned" else row.data.get("assignee")
    names = [f"user:{person}"] if person else []
    team = row.data.get("new_team") or (row.data.get("team") if row.name == "task.created" else None)
    names += [f"team:{team}"] if team and not person else []
    url = f"/tasks/{subject_id(row.subject)}"
    await notify(tx, row, names, NoticeDraft("assigned", await _title(tx, row), url))


async def _title(tx: Tx, row: EventRow) -> str:
    """From the fact, or as the thing is found by."""
    known: str | None = row.data.get("title")
    return known or await _title_of(tx, row.subject)


async def _title_of(tx: Tx, subject: str) -> str:
    return await tx.scalar(select(SearchRow.title).where(SearchRow.doc == subject)) or ""


@reacts("task.handed")
async def tell_of_hand_over(tx: Tx, row: EventRow) -> None:
    person, team = row.data.get("to_user"), row.data.get("to_team")
    names = [f"user:{person}"] if person else [f"team:{team}"] if team else []
    text = row.data.get("comment") or await _title(tx, row)
    await notify(tx, row, names, NoticeDraft("handed", text, f"/tasks/{subject_id(row.subject)}"))


@reacts("case.assigned")
async def tell_of_case(tx: Tx, row: EventRow) -> None:
    """Whoever it was given to; a team without a person is told too."""
    person, team = row.data["new"], row.data["new_team"]
    if person == row.data["old"] and team == row.data["old_team"]:
        return
    names = [f"user:{person}"] if person else [f"team:{team}"] if team else []
    title, url = await _title(tx, row), f"/cases/{subject_id(row.subject)}"
    await notify(tx, row, names, NoticeDraft("case", title, url))
    if person == row.actor_id and row.data["old"]:
        await notify(tx, row, [f"user:{row.data['old']}"], NoticeDraft("taken", title, url))


@reacts("case.received")
async def tell_of_customer(tx: Tx, row: EventRow) -> None:
    """Who has the case and who follows it: the fact names them."""
    url = f"/cases/{subject_id(row.subject)}"
    older = delete(Notice).where(
        Notice.workspace_id == row.workspace_id,
        Notice.subject == row.subject,
        Notice.kind == "received",
        Notice.read_at.is_(None),
    )
    await tx.execute(older)  # what they wrote last stands for all of it
    names = [f"user:{id}" for id in row.data["concerned"]]
    await notify(tx, row, names, NoticeDraft("received", row.data["excerpt"], url))


@reacts("sla.warned", "sla.breached")
async def tell_of_promise(tx: Tx, row: EventRow) -> None:
    kind = "due" if row.name == "sla.warned" else "late"
    draft = NoticeDraft(kind, await _title(tx, row), f"/cases/{subject_id(row.subject)}")
    await notify(tx, row, row.data["concerned"], draft)


@reacts("case.unsent")
async def tell_of_return(tx: Tx, row: EventRow) -> None:
    names = [f"user:{row.data['author']}"] if row.data["author"] else []
    await notify(tx, row, names, NoticeDraft("unsent", row.data["problem"], f"/cases/{subject_id(row.subject)}"))


@reacts("case.held")
async def tell_of_held(tx: Tx, row: EventRow) -> None:
    """The notice leads to the reply, where it is sent or taken back."""
    names = [f"user:{row.data['author']}"] if row.data["author"] else []
    url = f"/cases/{subject_id(row.subject)}#case-message-{row.data['message']}"
    await notify(tx, row, names, NoticeDraft("held", row.data["excerpt"], url))


@reacts("webhook.disabled")
async def tell_of_webhook(tx: Tx, row: EventRow) -> None:
    draft = NoticeDraft("webhook", row.data["address"], "/settings/webhooks")
    await notify(tx, row, [f"user:{row.data['owner']}"], draft)


@reacts("case.flooded")
async def tell_of_flood(tx: Tx, row: EventRow) -> None:
    draft = NoticeDraft("flood", row.data["sender"], f"/cases/{subject_id(row.subject)}")
    await notify(tx, row, row.data["concerned"], draft)


@reacts("case.noted")
async def tell_of_case_note(tx: Tx, row: EventRow) -> None:
    url = f"/cases/{subject_id(row.subject)}"
    await notify(tx, row, row.data["mentions"], NoticeDraft("note", row.data["excerpt"], url))


@reacts("call.unheard")
async def tell_of_call(tx: Tx, row: EventRow) -> None:
    """Who was called and did not come: where they can call back."""
    kind, _colon, number = (row.about or "").partition(":")
    draft = NoticeDraft("missed", "", f"/{'chat' if kind == 'room' else 'tasks'}/{number}", by=row.data["caller"])
    if kind == "task":
        draft = replace(draft, text=await _title_of(tx, row.about or ""))
    await notify(tx, row, [f"user:{id}" for id in row.data["called"]], draft)


@reacts("contact.erased")
async def forget_record(tx: Tx, row: EventRow) -> None:
    await tx.execute(delete(Notice).where(Notice.workspace_id == row.workspace_id, Notice.about == row.about))
