"""The demo: believable, the same every time, once a workspace."""

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.contacts.models import Contact
from server.demo import fill
from server.identity.models import User
from server.kit.clock import now
from server.kit.db import Database
from server.kit.errors import Invalid
from server.kit.events import EventRow
from server.settings import Settings
from tests.conftest import client_of


async def look(database: Database) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    async with database.transaction(read=True) as tx:
        people = [user.email for user in await tx.scalars(select(User).order_by(User.id))]
        records = [(one.kind, one.name) for one in await tx.scalars(select(Contact).order_by(Contact.id))]
        facts = list(await tx.scalars(select(EventRow.name).order_by(EventRow.id)))
    return people, records, facts


async def test_a_workspace_full_of_people_once(app: Starlette, settings: Settings) -> None:
    said = await fill(settings)
    assert "marcos@example.org" in said
    await is_believable(app.state.database)
    await has_no_empty_page(app)
    before = await look(app.state.database)
    with pytest.raises(Invalid, match="already"):
        await fill(settings)
    assert await look(app.state.database) == before
    await fill(settings, "There")
    people, records, _facts = await look(app.state.database)
    assert people[:10] == people[10:]
    assert records[: len(records) // 2] == records[len(records) // 2 :]


async def is_believable(database: Database) -> None:
    people, records, facts = await look(database)
    assert len(people) == 10
    assert all(mail.endswith("@example.org") for mail in people)
    assert sum(kind == "contact" for kind, _name in records) == 200
    assert {"contact.created", "contact.changed", "field.defined", "call.ended", "call.logged"} <= set(facts)
    async with database.transaction(read=True) as tx:
        newest, oldest = (await tx.execute(select(func.max(EventRow.at), func.min(EventRow.at)))).one()
        mails = [point["value"] for one in await tx.scalars(select(Contact)) for point in one.emails]
    assert newest <= now()
    assert (now() - oldest).days >= 40
    assert len(set(mails)) == len(records)
    assert all(mail.endswith(".example.org") for mail in mails)


async def has_no_empty_page(app: Starlette) -> None:
    """What its owner sees after signing in: something to do, somebody who wrote, and a record with a story."""
    async with app.state.database.transaction(read=True) as tx:
        owner = await tx.scalar(select(User).where(User.email == "marcos@example.org"))
        assert owner is not None
        lucia = await tx.scalar(select(Contact).where(Contact.name == "Lucía Ferrer"))
        assert lucia is not None
    async with await client_of(app, owner) as marcos:
        tasks = (await marcos.get("/tasks")).text
        record = (await marcos.get(lucia.url)).text
        notices = (await marcos.get("/notices")).text
        chat = (await marcos.get("/chat/1")).text
    assert "Return missed call" in tasks
    assert "Take it" in tasks
    assert "Almadraba-oferta.csv" in record
    assert "two digits were swapped" in record
    assert "mentioned you in a note" in notices
    assert 'data-react="🎉"' in chat
