"""Records out: tables and vCards that stream, with the reader's rights asked again for every few hundred."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import Select
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from server.contacts.access import get_contact
from server.contacts.fields import custom_text, labels, own_values
from server.contacts.forms import parse_list
from server.contacts.models import Contact
from server.contacts.queries import Fields, list_fields
from server.identity.access import by_user_id, has_session
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Database, Tx
from server.kit.errors import Invalid
from server.kit.files import safe_name
from server.kit.sheets import BOM, csv_line, with_decimals
from server.kit.text import _, speaking
from server.kit.web import Answer
from server.portability.access import get_batch
from server.portability.mapping import failure_headers
from server.portability.queries import export_page, exported, failures_after
from server.portability.rows import cell_text
from server.portability.vcards import write_card

CHUNK = 500
CHOSEN = 500  # records named one by one

Write = Callable[[Sequence[Contact], Fields], str]


async def table(request: Request, tx: Tx, who: Principal) -> Answer:
    """The list's own filter as CSV: every built-in field, every field of the workspace."""
    fields = await list_fields(tx, who)
    kind = parse_list(request.query_params, fields).kind
    names = [name for name in labels() if kind == "contact" or name not in ("title", "company")]
    headers = [labels()[name] for name in names] + [field.label for field in fields.values()]

    def rows(records: Sequence[Contact], fields: Fields) -> str:
        return "".join(csv_line(_row(record, names, fields)) for record in records)

    start = BOM + csv_line(headers)
    return await _stream(request, tx, who, rows, start, _file_name(kind, "csv"), "text/csv")


async def cards(request: Request, tx: Tx, who: Principal) -> Answer:
    kind = "company" if request.query_params.get("kind") == "company" else "contact"
    return await _stream(request, tx, who, _cards, "", _file_name(kind, "vcf"), "text/vcard")


def _cards(records: Sequence[Contact], fields: Fields) -> str:
    return "".join(write_card(record, own_values(record, fields)) for record in records)


async def card(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"])
    own = own_values(contact, await list_fields(tx, who))
    return _download(write_card(contact, own), safe_name(contact.name) + ".vcf", "text/vcard")


def _file_name(kind: str, ending: str) -> str:
    name = _("companies") if kind == "company" else _("contacts")
    return f"{name}-{now().date().isoformat()}.{ending}"


def _headers(name: str) -> dict[str, str]:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}


def _download(text: str, name: str, media: str) -> Response:
    return Response(text, media_type=f"{media}; charset=utf-8", headers=_headers(name))


async def _stream(
    request: Request, tx: Tx, who: Principal, write: Write, start: str, name: str, media: str
) -> StreamingResponse:
    ids = _chosen(request)
    fields = await list_fields(tx, who)
    wanted = exported(tx, who, parse_list(request.query_params, fields), fields, ids)
    first = await export_page(tx, who, wanted, 0, CHUNK)
    database: Database = request.app.state.database

    async def body() -> AsyncIterator[str]:
        with speaking(who.language):
            yield start + write(first, fields)
        last = first[-1].id if len(first) == CHUNK else None
        while last is not None:
            async with database.transaction(read=True) as tx:
                records = await _next(tx, who, request, ids, last)
            with speaking(who.language):
                yield write(records, fields)
            last = records[-1].id if len(records) == CHUNK else None

    return StreamingResponse(body(), media_type=f"{media}; charset=utf-8", headers=_headers(name))


def _chosen(request: Request) -> list[int]:
    raw = [part for value in request.query_params.getlist("ids") for part in value.split(",") if part]
    if len(raw) > CHOSEN:
        raise Invalid(ids=_("At most %(n)s at once") % {"n": CHOSEN})
    return [to_id(part) for part in raw]


async def _next(tx: Tx, who: Principal, request: Request, ids: list[int], after: int) -> Sequence[Contact]:
    """With the rights of this moment; a reader who was signed out gets no more."""
    assert who.user_id is not None
    still = await by_user_id(tx, who.user_id)
    if still is None or (who.session_id is not None and not await has_session(tx, who.session_id)):
        raise ConnectionAbortedError("the reader may no longer read")
    fields = await list_fields(tx, still)
    wanted: Select[Any] = exported(tx, still, parse_list(request.query_params, fields), fields, ids)
    return await export_page(tx, still, wanted, after, CHUNK)


def _row(record: Contact, names: Sequence[str], fields: Fields) -> list[str]:
    cells = [_cell(record, name) for name in names]
    return cells + [_own_cell(record.custom.get(key)) for key in fields]


def _own_cell(value: Any) -> str:
    return with_decimals(str(value)) if isinstance(value, float) else custom_text(value)


def _cell(record: Contact, name: str) -> str:
    """As the import reads it back: points one a line, with their labels."""
    match name:
        case "emails" | "phones" | "addresses":
            return cell_text([point | {"value": " ".join(point["value"].split())} for point in getattr(record, name)])
        case "tags":
            return ", ".join(record.tags)
        case "company" | "owner" | "team":
            linked = getattr(record, name)
            return linked.name if linked else ""
    return str(getattr(record, name))


async def failures(request: Request, tx: Tx, who: Principal) -> Answer:
    """The rows that did not get in, as they came, to be mended and brought again."""
    batch = await get_batch(tx, who, request.path_params["id"])
    database: Database = request.app.state.database
    head = BOM + csv_line([*failure_headers(), *(column["header"] for column in batch.survey["columns"])])

    async def body() -> AsyncIterator[str]:
        yield head
        last = 0
        while True:
            async with database.transaction(read=True) as tx:
                rows = await failures_after(tx, batch.id, last, CHUNK)
            if not rows:
                return
            last = rows[-1].id
            reasons = [f"{row.column}: {row.reason}" if row.column else row.reason for row in rows]
            cells = [[str(row.line), reason, *row.cells] for row, reason in zip(rows, reasons, strict=True)]
            with speaking(who.language):
                yield "".join(csv_line(line) for line in cells)

    stem = batch.name.rpartition(".")[0] or batch.name
    name = _("%(name)s, failed rows.csv") % {"name": stem}
    return StreamingResponse(body(), media_type="text/csv; charset=utf-8", headers=_headers(name))
