"""Files to import, and the few steps every test takes with them."""

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.contacts.models import Contact, CustomField
from server.portability.models import ImportBatch, ImportFailure

Client = httpx.AsyncClient
PEOPLE = (
    "Nombre completo;Correo electrónico;Teléfono;Empresa;NIF;Etiquetas\n"
    "Carmen Ibáñez;carmen@faro.example.org;+34 600 000 131;Librería El Faro;B1234;vip, libros\n"
    "Rafael Soto;rafael@rosaleda.example.org;600 000 177;Café Rosaleda;B9999;\n"
    "Nuria Cabrales;nuria@example.org;;Café Rosaleda;;vip\n"
)


async def upload(client: Client, content: str | bytes, name: str = "people.csv") -> str:
    """Brings a file; the address of its import."""
    raw = content.encode() if isinstance(content, str) else content
    answer = await client.post("/import", files={"file": (name, raw, "text/csv")})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def bring(
    app: Starlette, client: Client, content: str | bytes | Path, name: str = "people.csv", **form: str
) -> ImportBatch:
    """Upload, start with the guess (or what `form` says), run to the end."""
    raw = content.read_bytes() if isinstance(content, Path) else content
    address = await upload(client, raw, name)
    if form:
        form = {**await guessed(app, address), **{key.replace("_", "-"): value for key, value in form.items()}}
        answer = await client.put(f"{address}/mapping", data=form)
        assert answer.status_code == 200, answer.text
    answer = await client.put(f"{address}/run")
    assert answer.status_code == 200, answer.text
    await app.state.worker.drain()
    return await batch_of(app, address)


async def guessed(app: Starlette, address: str) -> dict[str, str]:
    """The form as it was guessed."""
    batch = await batch_of(app, address)
    targets = {f"to-{n}": target for n, target in enumerate(batch.options["targets"])}
    return {**targets, "key": batch.options["key"], "kind": batch.options["kind"]}


async def batch_of(app: Starlette, address: str) -> ImportBatch:
    async with app.state.database.transaction(read=True) as tx:
        return await tx.get_one(ImportBatch, int(address.rpartition("/")[2]))


async def contacts(app: Starlette, kind: str = "contact", *, trashed: bool = False) -> list[Contact]:
    state = Contact.trashed_at.is_not(None) if trashed else Contact.trashed_at.is_(None)
    async with app.state.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(Contact).where(Contact.kind == kind, state).order_by(Contact.id)))


async def fields(app: Starlette) -> dict[str, CustomField]:
    async with app.state.database.transaction(read=True) as tx:
        return {field.label: field for field in await tx.scalars(select(CustomField))}


async def failures(app: Starlette, batch: ImportBatch) -> list[tuple[int, str, str]]:
    rows = select(ImportFailure).where(ImportFailure.batch_id == batch.id).order_by(ImportFailure.line)
    async with app.state.database.transaction(read=True) as tx:
        return [(row.line, row.column, row.reason) for row in await tx.scalars(rows)]


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.created, batch.updated, batch.skipped, batch.failed


@pytest.fixture
def people() -> str:
    return PEOPLE


Row = dict[str, Any]
