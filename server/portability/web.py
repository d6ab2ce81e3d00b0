"""The pages of an import: bring a file, say what its columns mean, watch it come in."""

import asyncio
from itertools import islice
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.contacts.queries import list_fields
from server.identity.queries import people_by_id
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.errors import Conflict, Forbidden, Invalid
from server.kit.files import Files, safe_name
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, page, page_heads, route, toast
from server.portability import actions, exports, mending
from server.portability.access import get_batch, get_failure
from server.portability.mapping import kind_names, title_of
from server.portability.models import ImportBatch, ImportFailure
from server.portability.queries import (
    Progress,
    list_batches,
    list_failures,
    list_left,
    preview,
    read_progress,
    reading_of,
    undo_until,
)
from server.portability.survey import records, survey
from server.portability.tables import ENCODINGS, Record, Unreadable, parse_reading
from server.portability.views import column_views, target_groups

SAMPLE = 5_000  # rows that the preview looks at for what comes twice


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    batches = await list_batches(tx, who)
    settings = request.app.state.settings
    limits = {"limit": settings.max_upload_mb, "days": settings.trash_days}
    return await page(request, tx, who, "portability/index.html", heads=heads, batches=batches, **limits)


async def keep_file(request: Request, who: Principal) -> None:
    """Writes the upload to the files and looks at it, before any transaction."""
    upload = request.state.form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Invalid(file=_("Choose a file"))
    files: Files = request.app.state.services.files
    key, _size, _kind = await files.save(upload)
    try:
        request.state.survey = await asyncio.to_thread(survey, files.path(key))
    except Unreadable as error:
        await files.remove(key)
        raise Invalid(file=str(error)) from None
    request.state.file_key = key


async def upload(request: Request, tx: Tx, who: Principal) -> Answer:
    name = safe_name(request.state.form["file"].filename)
    batch = await actions.create_batch(tx, who, name, request.state.file_key, request.state.survey)
    address = f"/import/{batch.id}"
    return Response(status_code=201, headers={"HX-Redirect": address, "Location": address})


async def read_sample(request: Request, who: Principal) -> None:
    """The first rows of the file, for the preview."""
    database: Database = request.app.state.database
    request.state.sample = []
    async with database.transaction(read=True) as tx:
        batch = await get_batch(tx, who, request.path_params["id"])
    if batch.state == "mapping":
        path = request.app.state.services.files.path(batch.file_key)
        request.state.sample = await asyncio.to_thread(_first_rows, batch, path)


def _first_rows(batch: ImportBatch, path: Path) -> list[Record]:
    return list(islice(records(path, reading_of(batch)), SAMPLE))


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    topic = f"job:{batch.job_id}"
    heads = await page_heads(tx, who, topic)
    batch = await get_batch(tx, who, request.path_params["id"])
    maker = (await people_by_id(tx, [batch.creator_id])).get(batch.creator_id)
    shared = {"batch": batch, "maker": maker.name if maker else ""}
    if batch.state == "mapping":
        context = await _mapping_context(request, tx, who, batch) | {"encodings": ENCODINGS}
    else:
        context = await _progress_context(request, tx, who, batch) | {"columns": await _columns(tx, who, batch)}
        context["topics"] = {topic: heads[topic]}
    return await page(request, tx, who, "portability/show.html", heads=heads, **shared, **context)


async def _columns(tx: Tx, who: Principal, batch: ImportBatch) -> list[dict[str, object]]:
    known = await list_fields(tx, who)
    return column_views(batch, {target: title_of(target, known) for target in batch.options["targets"]}, known, who)


async def _mapping_context(request: Request, tx: Tx, who: Principal, batch: ImportBatch) -> dict[str, object]:
    known = await list_fields(tx, who)
    kind = batch.options["kind"]
    groups = target_groups(kind, known, who)
    titles = {target: title_of(target, known) for target in batch.options["targets"]} | kind_names_by_target()
    texts = [("x." + one.key, one.label) for one in known.values() if one.kind == "text"]
    return {
        "columns": column_views(batch, titles, known, who),
        "groups": groups,
        "texts": texts,
        "rows": await preview(tx, who, batch, request.state.sample),
        "may_make": who.is_at_least("admin"),
    }


def kind_names_by_target() -> dict[str, str]:
    return {f"new:{kind}": name for kind, name in kind_names().items()}


async def choose(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    await _choose(request, tx, who, batch)
    return render("portability/_mapping.html", batch=batch, **await _mapping_context(request, tx, who, batch))


async def _choose(request: Request, tx: Tx, who: Principal, batch: ImportBatch) -> None:
    form = request.state.form
    targets = [str(form.get(f"to-{n}", ""))[:80] for n in range(len(batch.survey["columns"]))]
    await actions.choose_mapping(tx, who, batch, targets, field(form, "key", 80), field(form, "kind", 20))


async def look_again(request: Request, who: Principal) -> None:
    """Reads the file as somebody says it is written, when the guess was wrong."""
    form, database = request.state.form, request.app.state.database
    async with database.transaction(read=True) as tx:
        batch = await get_batch(tx, who, request.path_params["id"])
    if batch.state != "mapping" or reading_of(batch).kind != "csv":
        raise Conflict(_("This import has gone on meanwhile"))
    chosen = field(form, "encoding", 20), field(form, "delimiter", 20), field(form, "header", 5) == "1"
    path = request.app.state.services.files.path(batch.file_key)
    try:
        reading = parse_reading(*chosen)
        request.state.survey = await asyncio.to_thread(survey, path, reading)
    except (Unreadable, UnicodeError) as error:
        raise Invalid(
            encoding=str(error) if isinstance(error, Unreadable) else _("The file is not written like that")
        ) from None
    request.state.sample = await asyncio.to_thread(lambda: list(islice(records(path, reading), SAMPLE)))


async def reread(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    await actions.read_again(tx, who, batch, request.state.survey)
    return render("portability/_mapping.html", batch=batch, **await _mapping_context(request, tx, who, batch))


async def mend_form(request: Request, tx: Tx, who: Principal) -> Answer:
    """The cells of a row that needs a look; records that it may mean, beside it."""
    batch, failure = await _failure(request, tx, who)
    found = await mending.compared(tx, who, batch, failure)
    columns = enumerate(zip(batch.survey["columns"], batch.options["targets"], strict=True))
    mine = failure.contact_id is not None
    cells = [
        (n, column["header"], failure.cells[n] if n < len(failure.cells) else "")
        for n, (column, target) in columns
        if target and (not mine or column["header"] == failure.column)
    ]
    return render("portability/_mend.html", batch=batch, failure=failure, cells=cells, found=found)


async def _failure(request: Request, tx: Tx, who: Principal) -> tuple[ImportBatch, ImportFailure]:
    batch = await get_batch(tx, who, request.path_params["id"])
    return batch, await get_failure(tx, batch, request.path_params["failure"])


async def mend(request: Request, tx: Tx, who: Principal) -> Answer:
    batch, failure = await _failure(request, tx, who)
    form = request.state.form
    kept = [*failure.cells, *[""] * (len(batch.survey["columns"]) - len(failure.cells))]
    cells = [field(form, f"c-{n}", 10_000) if f"c-{n}" in form else cell for n, cell in enumerate(kept)]
    into = field(form, "into", 20)
    await mending.mend_row(tx, who, batch, failure, cells, into if into in ("", mending.NEW_ONE) else str(to_id(into)))
    await tx.flush()
    return toast(HTMLResponse(str(await progress(request, tx, who))), _("Row %(n)s is in") % {"n": failure.line})


async def leave_out(request: Request, tx: Tx, who: Principal) -> Answer:
    batch, failure = await _failure(request, tx, who)
    await mending.leave_out(tx, batch, failure)
    await tx.flush()
    return await progress(request, tx, who)


async def start(request: Request, tx: Tx, who: Principal) -> Answer:
    """From the mapping (the form comes with it) or on from a pause."""
    batch = await get_batch(tx, who, request.path_params["id"])
    if batch.state == "mapping" and "kind" in request.state.form:
        await _choose(request, tx, who, batch)
    if batch.state in ("running", "undoing"):
        await actions.retry_job(tx, who, batch)
    else:
        await actions.start_import(tx, who, batch)
    return _again(batch)


def _again(batch: ImportBatch) -> Response:
    return Response(status_code=200, headers={"HX-Redirect": f"/import/{batch.id}"})


async def pause(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    await actions.pause_import(tx, who, batch)
    return _again(batch)


async def undo(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    if not undo_until(batch, request.app.state.settings.trash_days):
        raise Forbidden(_("This import is too old to be taken back"))
    await actions.undo_import(tx, who, batch)
    return _again(batch)


async def discard(request: Request, tx: Tx, who: Principal) -> Answer:
    """Start over with another file. The bytes go when old imports are tidied."""
    batch = await get_batch(tx, who, request.path_params["id"])
    await actions.discard_batch(tx, who, batch)
    response = Response(status_code=200, headers={"HX-Redirect": "/import"})
    return toast(response, _("%(name)s was put away") % {"name": batch.name})


async def progress(request: Request, tx: Tx, who: Principal) -> Answer:
    batch = await get_batch(tx, who, request.path_params["id"])
    topic = f"job:{batch.job_id}"
    heads = await page_heads(tx, who, topic)
    context = await _progress_context(request, tx, who, await get_batch(tx, who, batch.id))
    return render("portability/_job.html", batch=batch, topics={topic: heads[topic]}, **context)


async def _progress_context(request: Request, tx: Tx, who: Principal, batch: ImportBatch) -> dict[str, object]:
    at: Progress = await read_progress(tx, batch)
    days = request.app.state.settings.trash_days
    left = await list_left(tx, who, batch) if batch.left else []
    failures = await list_failures(tx, batch) if batch.failed + batch.flawed else []
    return {"at": at, "failures": failures, "left": left, "may_undo": undo_until(batch, days), "days": days}


routes = [
    route("GET", "/import", index),
    route("POST", "/import", upload, before=keep_file),
    route("GET", "/import/{id:int}", show, before=read_sample),
    route("DELETE", "/import/{id:int}", discard),
    route("PUT", "/import/{id:int}/mapping", choose, before=read_sample),
    route("PUT", "/import/{id:int}/reading", reread, before=look_again),
    route("GET", "/import/{id:int}/failures/{failure:int}", mend_form),
    route("PUT", "/import/{id:int}/failures/{failure:int}", mend),
    route("DELETE", "/import/{id:int}/failures/{failure:int}", leave_out),
    route("PUT", "/import/{id:int}/run", start),
    route("DELETE", "/import/{id:int}/run", pause),
    route("PUT", "/import/{id:int}/undo", undo),
    route("GET", "/import/{id:int}/progress", progress),
    route("GET", "/import/{id:int}/failures.csv", exports.failures),
    route("GET", "/export/contacts", exports.table),
    route("GET", "/export/contacts.csv", exports.table),
    route("GET", "/export/contacts.vcf", exports.cards),
    route("GET", "/export/contacts/{id:int}.vcf", exports.card),
]
