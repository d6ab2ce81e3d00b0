"""Out as a table or as cards, and in again without a loss."""

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from server.contacts.models import Contact
from server.kit.sheets import guard, unguard
from tests import make
from tests.make import counted
from tests.portability.conftest import Client, bring, contacts, counts

ODD = (
    "name,email,phone,role,company,address,tags,note,seats,since,active\n"
    '=1+1,a@example.org;b@example.org (work),+34 600 000 131,@Jefa,-Firma,"C/ Mayor, 3","+uno, dos","\'\'=x\ny",-5,2024-02-03,yes\n'
    '"\tTab",c@example.org,(905) 555-1234,,"Say ""hi"", S.L.",,,"two\nlines",1.5,,no\n'
)  # fmt: skip


def plain(one: Contact) -> tuple[object, ...]:
    return one.name, one.emails, one.phones, one.title, one.addresses, one.tags, one.custom


async def test_a_table_comes_back_as_it_went(app: Starlette, ana: Client, stranger: Client) -> None:
    await bring(app, ana, ODD, to_7="new:text", to_8="new:number", to_9="new:date", to_10="new:yes_no")
    went = [plain(one) for one in await contacts(app)]
    assert went[0][6] == {"note": "'=x\ny", "seats": -5, "since": "2024-02-03", "active": True}
    answer = await ana.get("/export/contacts")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1][0] == "'=1+1"
    assert rows[1][2] == "'+34 600 000 131"
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]
    batch = await bring(app, stranger, answer.text)
    assert counts(batch) == (2, 0, 0, 0)
    assert [plain(one) for one in await contacts(app) if one.workspace_id == 2] == went
    assert {one.name for one in await contacts(app, "company") if one.workspace_id == 2} == {"-Firma", 'Say "hi", S.L.'}


async def test_a_spanish_table_opens_in_a_spanish_spreadsheet_and_comes_back(app: Starlette, ana: Client) -> None:
    """There a comma begins the decimals: cells are parted by semicolons, and 1.5 would be the first of May."""
    table = 'name,email,seats,height\n"Faro, Ana",a@example.org;b@example.org,1234,1.5\nTom,,2,1.234\n'
    await bring(app, ana, table, to_2="new:number", to_3="new:number")
    await make.speak(app, 1, "es")
    went = {one.name: (one.emails, one.custom) for one in await contacts(app)}
    answer = await ana.get("/export/contacts")
    rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert {row[0]: row[-2:] for row in rows[1:]} == {"Faro, Ana": ["1234", "1,5"], "Tom": ["2", "1,234"]}
    for one in await contacts(app):
        await ana.put(f"/contacts/{one.id}/trash")
    assert counts(await bring(app, ana, answer.text)) == (2, 0, 0, 0)
    assert {one.name: (one.emails, one.custom) for one in await contacts(app) if one.trashed_at is None} == went


async def test_addresses_keep_their_labels_and_their_own_brackets(
    app: Starlette, ana: Client, api: Client, stranger: Client
) -> None:
    addresses = [{"value": "Mayor 3 (2º izda.), Cádiz", "label": "work"}, {"value": "Sol 1 (bajo)", "label": ""}]
    await api.post("/contacts", json={"name": "Lucía", "addresses": addresses})
    for ending in ("csv", "vcf"):
        went = (await ana.get(f"/export/contacts.{ending}")).text
        await bring(app, stranger, went, name=f"contacts.{ending}")
        newest = (await contacts(app))[-1]
        assert (newest.workspace_id, newest.addresses) == (2, addresses)
    form = (await ana.get("/contacts/1/facts/addresses/edit")).text
    assert "Mayor 3 (2º izda.), Cádiz (work)" in form


async def test_coming_back_to_the_same_workspace_changes_nothing(app: Starlette, ana: Client) -> None:
    await bring(app, ana, ODD)
    batch = await bring(app, ana, (await ana.get("/export/contacts")).text)
    assert counts(batch) == (0, 0, 2, 0)


@given(st.text(max_size=30))
def test_a_guarded_cell_is_no_formula_and_comes_back(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


async def test_the_filter_of_the_list_holds(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,tags,company\nAna,vip,Faro\nTom,,Faro\n")
    assert "Tom" not in (await ana.get("/export/contacts?tag=vip")).text
    companies = (await ana.get("/export/contacts?kind=company")).text
    assert "Faro" in companies
    assert "Role" not in companies
    chosen = (await ana.get(f"/export/contacts.csv?ids={(await contacts(app))[1].id}")).text
    assert "Tom" in chosen
    assert "Ana" not in chosen
    assert (await ana.get("/export/contacts?ids=x")).status_code == 422
    assert (await ana.get("/export/contacts?ids=" + ",".join("1" for _ in range(501)))).status_code == 422


async def test_many_rows_stream_in_pages(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,email\n" + "".join(f"P{n},p{n}@example.org\n" for n in range(1234)))
    with counted(app) as seen:
        text = (await ana.get("/export/contacts")).text
    assert text.count("\r\n") == 1235
    assert text.count("p1233@example.org") == 1
    assert len(seen) < 20
    assert (await ana.get("/export/contacts.vcf")).text.count("BEGIN:VCARD") == 1234


async def test_spanish_headers_are_understood(app: Starlette, ana: Client, mateo: Client) -> None:
    from server.identity.models import User

    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, 2)).language = "es"
    await bring(app, ana, "name,email,phone,role\nAna,ana@example.org,+34 600 000 131,Jefa\n")
    text = (await mateo.get("/export/contacts")).text
    assert counts(await bring(app, mateo, text)) == (0, 0, 1, 0)


async def test_cards_come_back_as_they_went(app: Starlette, ana: Client, stranger: Client) -> None:
    await bring(
        app,
        ana,
        "name,email,phone,role,company,address,tags\n"
        '"Ana, la del 3; \\ ",ana@example.org (work);b@example.org,+34 600 000 131,Jefa,"Faro; Hijos, S.L.","C/ Mayor, 3","vip, ñandú"\n'
        f"{'Ñ' * 120},,600000002,,,,\n",
    )
    text = (await ana.get("/export/contacts.vcf")).text
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    batch = await bring(app, stranger, text, "cards.vcf")
    assert counts(batch) == (2, 0, 0, 0)
    everybody = await contacts(app)
    here, there = ([plain(one)[:6] for one in everybody if one.workspace_id == n] for n in (1, 2))
    assert here == there
    one = await ana.get(f"/export/contacts/{(await contacts(app))[0].id}.vcf")
    assert one.text.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n")
    assert one.headers["content-type"] == "text/vcard; charset=utf-8"


async def test_a_reader_signed_out_gets_no_more(app: Starlette, ana: Client) -> None:
    from sqlalchemy import delete

    from server.identity.models import Session
    from server.portability import exports

    await bring(app, ana, "name\n" + "".join(f"P{n}\n" for n in range(1100)))
    taken = exports._next

    async def signed_out(tx: object, *args: object) -> object:
        async with app.state.database.transaction() as write:
            await write.execute(delete(Session))
        async with app.state.database.transaction(read=True) as fresh:
            return await taken(fresh, *args)  # type: ignore[arg-type]

    exports._next = signed_out  # type: ignore[assignment]
    try:
        text = (await ana.get("/export/contacts")).text
    except ConnectionAbortedError:
        text = ""
    finally:
        exports._next = taken
    assert "P1000" not in text
