"""A record's stream with its composer, notes and what one does with them, files, drafts and read marks."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.contacts.access import get_record
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.live import Change, partials
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast
from server.timeline import actions
from server.timeline.access import get_file, get_note
from server.timeline.forms import NoteDraft, parse_show, without_marks
from server.timeline.places import file_patch, gone_patch, line_patches, note_patch, pin_patch
from server.timeline.queries import history_of, list_files, load_around, load_stream
from server.timeline.reading import mark_read


async def load_panel(tx: Tx, who: Principal, about: str, show: str = "") -> dict[str, Any]:
    """For the record's page, which has asked for the record already."""
    stream = await load_stream(tx, who, about, show)
    around = await load_around(tx, who, about)
    return {"stream": stream, "around": around, "may_write": who.may_write, "is_manager": who.is_at_least("manager")}


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    """The section fetched again, an older page of it, or a page of its own for a filter's address."""
    about: str = request.path_params["about"]
    heads = await page_heads(tx, who, about)
    record = await get_record(tx, who, about)
    show = parse_show(request.query_params.get("show"))
    if (before := request.query_params.get("before")) is not None:
        stream = await load_stream(tx, who, about, show, to_id(before))
        return render("timeline/older.html", stream=stream)
    inputs = {"about": about, "heads": heads, **await load_panel(tx, who, about, show)}
    if is_htmx(request) or request.headers.get("x-requested-with") == "fetch":
        return render("timeline/_timeline.html", **inputs)
    return await page(request, tx, who, "timeline/show.html", record=record, **inputs)


async def create_note(request: Request, tx: Tx, who: Principal) -> Answer:
    about: str = request.path_params["about"]
    form = request.state.form
    draft = NoteDraft(about, field(form, "text", 100_000), _mentions(request))
    note = await actions.create_note(tx, who, draft)
    await tx.flush()
    rows = [row for row in tx.info["emitted"] if row.subject == note.subject]
    if not is_htmx(request):
        return RedirectResponse((await get_record(tx, who, about)).url, 303)
    return HTMLResponse(partials(await line_patches(tx, who, rows)), 201, {"Location": note.url})


def _mentions(request: Request) -> tuple[str, ...]:
    return tuple(str(one)[:40] for one in request.state.form.getlist("mention"))


async def show_note(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"])
    if not is_htmx(request):
        return RedirectResponse((await get_record(tx, who, note.about)).url + f"#note-{note.id}", 303)
    return render("timeline/_note.html", note=note, by=None)


async def edit_note(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "edit")
    return render("timeline/_note_form.html", note=note, text=without_marks(note.body))


async def change_note(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "edit")
    form = request.state.form
    seen = field(form, "seen", 12)
    if seen and not (seen.isascii() and seen.isdigit()):
        raise Invalid(seen=_("Not a version"))
    mentions = _mentions(request)
    await actions.edit_note(tx, who, note, field(form, "text", 100_000), mentions, int(seen) if seen else None)
    await tx.flush()
    pins = [await pin_patch(tx, who, note.about)] if note.pinned_at else []
    return render("timeline/_note.html", note=note, by=who.user_id) + partials(pins)


async def history(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"])
    return render("timeline/_history.html", note=note, versions=await history_of(tx, note))


async def pin(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "pin")
    await actions.pin_note(tx, who, note)
    await tx.flush()
    return partials([note_patch(note), await pin_patch(tx, who, note.about)])


async def unpin(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "pin")
    await actions.unpin_note(tx, who, note)
    await tx.flush()
    return partials([note_patch(note), await pin_patch(tx, who, note.about)])


async def remove_note(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "edit")
    await actions.remove_note(tx, who, note)
    await tx.flush()
    gone = [*await gone_patch(tx, who, note.subject, note.about, "note.created"), await pin_patch(tx, who, note.about)]
    return toast(HTMLResponse(partials(gone)), _("Note removed"), ("DELETE", f"{note.url}/removal"))


async def restore_note(request: Request, tx: Tx, who: Principal) -> Answer:
    note = await get_note(tx, who, request.path_params["id"], "edit", removed=True)
    await actions.restore_note(tx, who, note)
    return Response(status_code=200)


async def save_draft(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.path_params["about"])
    await actions.save_draft(tx, who, record.about, field(request.state.form, "text", 100_000))
    return Response(status_code=204)


async def read(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.path_params["about"])
    await mark_read(tx, who, record.about, to_id(field(request.state.form, "event", 20)))
    return Response(status_code=204)


async def download(request: Request, tx: Tx, who: Principal) -> Answer:
    file = await get_file(tx, who, request.path_params["id"])
    inline = request.query_params.get("inline") == "1"
    answer: Response = request.app.state.services.files.response(file.key, file.name, file.type, inline=inline)
    return answer


async def remove_file(request: Request, tx: Tx, who: Principal) -> Answer:
    file = await get_file(tx, who, request.path_params["id"], "edit")
    await actions.remove_file(tx, who, file)
    await tx.flush()
    gone: list[Change] = await gone_patch(tx, who, file.subject, file.about, "file.added")
    gone.append(await file_patch(tx, who, file.about))
    return toast(
        HTMLResponse(partials(gone)), _("%(name)s removed") % {"name": file.name}, ("DELETE", f"{file.url}/removal")
    )


async def restore_file(request: Request, tx: Tx, who: Principal) -> Answer:
    file = await get_file(tx, who, request.path_params["id"], "edit", removed=True)
    await actions.restore_file(tx, who, file)
    return Response(status_code=200)


async def load_files(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return {"files": await list_files(tx, who, about)}


async def files_panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("timeline/_files.html", about=record.about, heads=heads, **await load_files(tx, who, record.about))


async def load_notes(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return {"stream": await load_stream(tx, who, about, "notes"), "may_write": who.may_write}


async def notes_panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("timeline/_notes.html", about=record.about, heads=heads, **await load_notes(tx, who, record.about))


routes = [
    route("GET", "/timeline/{about}", index),
    route("POST", "/timeline/{about}/notes", create_note),
    route("PUT", "/timeline/{about}/draft", save_draft),
    route("PUT", "/timeline/{about}/read", read, personal=True),
    route("GET", "/notes/{id:int}", show_note),
    route("GET", "/notes/{id:int}/edit", edit_note),
    route("GET", "/notes/{id:int}/history", history),
    route("PUT", "/notes/{id:int}", change_note),
    route("DELETE", "/notes/{id:int}", remove_note),
    route("DELETE", "/notes/{id:int}/removal", restore_note),
    route("PUT", "/notes/{id:int}/pin", pin),
    route("DELETE", "/notes/{id:int}/pin", unpin),
    route("GET", "/files/{id:int}", download),
    route("DELETE", "/files/{id:int}", remove_file),
    route("DELETE", "/files/{id:int}/removal", restore_file),
    route("GET", "/panels/files", files_panel),
    route("GET", "/panels/notes", notes_panel),
]
