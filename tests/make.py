"""Short ways to make what a test needs, and to look at what the database was asked."""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx2 as httpx
from sqlalchemy import event, or_, select
from starlette.applications import Starlette

from server.calls.models import Recording
from server.contacts.actions import ContactDraft, create_contact
from server.contacts.models import Contact
from server.identity.access import by_user_id
from server.identity.models import User
from server.kit.access import Principal, allowed
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.index import SearchRow, matches


async def person(app: Starlette, user_id: int = 1) -> Principal:
    async with app.state.database.transaction(read=True) as tx:
        who = await by_user_id(tx, user_id, via="page")
    assert who is not None
    return who


async def contact(app: Starlette, name: str = "Lucía Ferrer", kind: str = "contact", **values: object) -> Contact:
    """A record made by the owner."""
    who = await person(app)
    async with app.state.database.transaction() as tx:
        return await create_contact(tx, who, ContactDraft(name, kind, dict(values)))


async def facts(app: Starlette, *names: str) -> list[EventRow]:
    async with app.state.database.transaction(read=True) as tx:
        rows = select(EventRow).order_by(EventRow.id)
        return list(await tx.scalars(rows.where(EventRow.name.in_(names)) if names else rows))


async def recording(app: Starlette, call_id: int, content: bytes = b"sound", kind: str = "sound") -> str:
    """What was recorded of a call, as the mix leaves it; the key of its file."""
    key = secrets.token_hex(16)
    path = app.state.services.files.path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    values = {"seconds": 12.0, "size": len(content), "peaks": [1, 200, 30], "made_at": now()}
    async with app.state.database.transaction() as tx:
        keep = now() + timedelta(days=90)
        tx.add(Recording(call_id=call_id, kind=kind, file=key, begun_at=now(), keep_until=keep, **values))
    return key


async def told(app: Starlette, *starts: str) -> list[tuple[str, dict[str, Any]]]:
    """The names and data of the facts so far whose name starts so."""
    async with app.state.database.transaction(read=True) as tx:
        wanted = or_(*(EventRow.name.startswith(start) for start in starts))
        rows = await tx.scalars(select(EventRow).where(wanted).order_by(EventRow.id))
        return [(row.name, row.data) for row in rows]


async def speak(app: Starlette, user_id: int, language: str) -> None:
    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, user_id)).language = language


async def restrict(client: httpx.AsyncClient, contact_id: int, *names: str) -> None:
    answer = await client.put(f"/contacts/{contact_id}/restriction", data={"who": list(names)})
    assert answer.status_code == 200, answer.text


@contextmanager
def counted(app: Starlette) -> Iterator[list[str]]:
    """The SQL statements that ran inside, without BEGIN and the like."""
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")):
            statements.append(statement)

    database = app.state.database
    engines = {database.engine.sync_engine}
    if database.is_sqlite:  # on PostgreSQL the reader is the same engine with options: it would count twice
        engines.add(database._reader.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


async def statements_of(app: Starlette, act: Callable[[], Awaitable[httpx.Response]]) -> int:
    """How many a request takes; it must succeed."""
    with counted(app) as statements:
        answer = await act()
    assert answer.status_code < 400, answer.text
    return len(statements)


async def found(tx: Tx, who: Principal, query: str, *kinds: str) -> list[str]:
    """The documents of the search index that match and that this person may see."""
    rows = select(SearchRow.doc).where(
        SearchRow.workspace_id == who.workspace_id, allowed(who, SearchRow.about), matches(tx, query)
    )
    rows = rows.where(SearchRow.kind.in_(kinds)) if kinds else rows
    return list(await tx.scalars(rows.order_by(SearchRow.title, SearchRow.id)))
