"""Verbs: what they change, what they announce, what they refuse."""

import pytest
from starlette.applications import Starlette

from server.contacts.access import get_contact
from server.contacts.actions import change_fields
from server.contacts.custom import define_field
from server.contacts.models import ContactKey
from server.identity.models import Workspace
from server.kit.errors import Conflict, Invalid
from tests import make

pytestmark = pytest.mark.usefixtures("workspace")


async def change(
    app: Starlette, contact_id: int, values: dict[str, object], seen: dict[str, int] | None = None
) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await change_fields(tx, who, await get_contact(tx, who, contact_id, "edit"), values, seen)


async def test_a_change_says_old_and_new(app: Starlette) -> None:
    lucia = await make.contact(app, phones=["+34 600 000 118"])
    await change(app, lucia.id, {"phones": "+34 600 000 142 (work)"})
    (fact,) = await make.facts(app, "contact.changed")
    assert (fact.data["field"], fact.data["old"], fact.data["new"]) == ("phones", "+34 600 000 118", "+34 600 000 142")


async def test_the_same_value_is_no_change(app: Starlette) -> None:
    lucia = await make.contact(app, title="Head of operations")
    await change(app, lucia.id, {"title": " Head of operations "})
    assert await make.facts(app, "contact.changed") == []


async def test_different_fields_merge_and_the_same_field_asks(app: Starlette) -> None:
    lucia = await make.contact(app)
    await change(app, lucia.id, {"title": "Director"}, {"title": 0})
    await change(app, lucia.id, {"phones": "600 000 142"}, {"phones": 0})
    with pytest.raises(Conflict) as clash:
        await change(app, lucia.id, {"title": "Owner"}, {"title": 0})
    assert clash.value.theirs["value"] == "Director"
    assert clash.value.theirs["who"] == "Ana Beltrán"
    assert len(await make.facts(app, "contact.changed")) == 2


async def test_an_empty_name_is_refused_and_leaves_no_fact(app: Starlette) -> None:
    with pytest.raises(Invalid) as wrong:
        await make.contact(app, "  ")
    assert "name" in wrong.value.fields
    assert await make.facts(app, "contact.created") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("emails", "not a mail"),
        ("phones", "call me"),
        ("owner", "999"),
        ("nothing", "x"),
        ("emails", 7),
        ("tags", {"a": 1}),
    ],
)
async def test_nonsense_is_refused(app: Starlette, field: str, value: object) -> None:
    lucia = await make.contact(app)
    with pytest.raises(Invalid) as wrong:
        await change(app, lucia.id, {field: value})
    assert field in wrong.value.fields


async def test_a_company_named_is_found_or_made(app: Starlette) -> None:
    lucia = await make.contact(app, company="Hoteles Almadraba")
    other = await make.contact(app, "Nuria", company="hoteles almadraba")
    assert lucia.company_id == other.company_id
    assert len(await make.facts(app, "contact.created")) == 3


async def test_keys_follow_the_values(app: Starlette) -> None:
    lucia = await make.contact(app, emails="Lucia@Almadraba.example.org", phones="+34 600 00 01 42", tags="Hotel, VIP")
    await change(app, lucia.id, {"tags": "vip"})
    async with app.state.database.transaction(read=True) as tx:
        from sqlalchemy import select

        keys = {(row.kind, row.value) for row in await tx.scalars(select(ContactKey))}
    assert keys == {("email", "lucia@almadraba.example.org"), ("phone", "+34600000142"), ("tag", "vip")}


async def test_search_finds_parts_without_accents(app: Starlette) -> None:
    lucia = await make.contact(app, company="Hoteles Almadraba", emails="lucia@x.example.org")
    who = await make.person(app)
    for query in ("lucia", "UCÍ", "erre alma", "x.exam", "lu"):
        async with app.state.database.transaction(read=True) as tx:
            found = await make.found(tx, who, query, "contact")
        assert found == [lucia.about], query


@pytest.mark.parametrize(
    ("kind", "raw", "kept"),
    [
        ("number", "1.234,5", 1234.5),
        ("number", "29.85", 29.85),
        ("date", "03/11/2024", "2024-11-03"),
        ("yes_no", "Sí", True),
        ("choice", "dsl", "DSL"),
        ("text", " plain ", "plain"),
        ("number", " ", None),
    ],
)
async def test_own_fields_keep_their_kind(
    app: Starlette, workspace: Workspace, kind: str, raw: str, kept: object
) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await define_field(tx, who, "Servicio", kind, ["DSL", "Fibre"])
    lucia = await make.contact(app)
    await change(app, lucia.id, {"x.servicio": raw})
    async with app.state.database.transaction(read=True) as tx:
        fresh = await get_contact(tx, who, lucia.id)
    assert fresh.custom.get("servicio") == kept


@pytest.mark.parametrize(
    ("kind", "raw"), [("number", "many"), ("number", "inf"), ("date", "31/02/2023"), ("choice", "ISDN")]
)
async def test_own_fields_refuse_other_kinds(app: Starlette, kind: str, raw: str) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await define_field(tx, who, "Servicio", kind, ["DSL"])
    lucia = await make.contact(app)
    with pytest.raises(Invalid):
        await change(app, lucia.id, {"x.servicio": raw})
