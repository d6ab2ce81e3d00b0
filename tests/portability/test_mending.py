"""Rows that need a look: mended on the page, joined with the right record, or left out; and files read another way."""

import pytest
from sqlalchemy import select, text
from starlette.applications import Starlette

from server.contacts.models import Contact
from server.portability.models import ImportFailure
from server.portability.run import MANY
from tests.portability.conftest import Client, batch_of, bring, contacts, counts, failures, upload

HEAD = "name,email,phone,since\n"


async def waiting(app: Starlette) -> list[ImportFailure]:
    async with app.state.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(ImportFailure).order_by(ImportFailure.id)))


async def person(app: Starlette, name: str) -> Contact:
    return next(one for one in await contacts(app) if one.name == name)


async def test_a_row_is_mended_where_it_stands(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, HEAD + "Ana,ana(at)casa,,\nTom,tom@example.org,,\n")
    assert counts(batch) == (1, 0, 0, 1)
    row = f"/import/{batch.id}/failures/1"
    form = (await ana.get(row)).text
    assert "ana(at)casa" in form and "is no e-mail address" in form
    wrong = await ana.put(row, data={"c-1": "ana(at)home"}, headers={"hx-request": "true"})
    assert wrong.status_code == 422 and "c-1" in wrong.text and await waiting(app)
    answer = await ana.put(row, data={"c-1": "ana@casa.example.org"})
    assert answer.status_code == 200 and 'id="job"' in answer.text and "Need a look" not in answer.text
    assert (await person(app, "Ana")).email == "ana@casa.example.org"
    assert counts(await batch_of(app, f"/import/{batch.id}")) == (2, 0, 0, 0)
    assert (await ana.put(row, data={})).status_code == 404, "mended once"
    assert (await ana.put(f"/import/{batch.id}/undo")).status_code == 200
    await app.state.worker.drain()
    assert await contacts(app) == [], "undo takes it back with the others"


async def test_a_record_gets_the_cell_that_it_came_without(app: Starlette, ana: Client) -> None:
    rows = HEAD + "Ana,ana@example.org,call me,31/02/2023\nTom,tom@example.org,,2024-01-02\n"
    batch = await bring(app, ana, rows, to_3="new:date")
    assert counts(batch) == (2, 0, 0, 0) and batch.flawed == 2
    assert [column for _line, column, _reason in await failures(app, batch)] == ["phone", "since"]
    page = (await ana.get(f"/import/{batch.id}")).text
    assert "the rest of the row is in" in page and "Fix here" in page
    assert "call me" not in (await ana.get(f"/import/{batch.id}/failures.csv")).text, "it would come twice"
    form = (await ana.get(f"/import/{batch.id}/failures/2")).text
    assert "31/02/2023" in form and "ana@example.org" not in form
    assert (await ana.put(f"/import/{batch.id}/failures/2", data={"c-3": "30/02/2023"})).status_code == 422
    for failure, cell in ((1, {"c-2": "+34 600 000 118"}), (2, {"c-3": "28/02/2023"})):
        assert (await ana.put(f"/import/{batch.id}/failures/{failure}", data=cell)).status_code == 200
    found = await person(app, "Ana")
    assert found.phone == "+34 600 000 118" and found.custom == {"since": "2023-02-28"}
    assert (await batch_of(app, f"/import/{batch.id}")).flawed == 0
    await ana.put(f"/import/{batch.id}/undo")
    await app.state.worker.drain()
    assert await contacts(app) == []


async def test_the_right_one_of_several_is_chosen(app: Starlette, ana: Client) -> None:
    await bring(app, ana, HEAD + "Nuria Cabrales,nuria@example.org,,\nN. Cabrales,nc@example.org,,\n")
    batch = await bring(app, ana, 'name,email,title\nNuria,"nuria@example.org, nc@example.org",Jefa\n')
    assert counts(batch) == (0, 0, 0, 1)
    row = f"/import/{batch.id}/failures/{(await waiting(app))[0].id}"
    assert "Compare" in (await ana.get(f"/import/{batch.id}")).text
    form = (await ana.get(row)).text
    assert "N. Cabrales" in form and "Nuria Cabrales" in form and "Join with this one" in form
    assert (await ana.put(row, data={})).status_code == 422, "somebody has to say which"
    assert (await ana.put(row, data={"into": "99"})).status_code == 422
    chosen = await person(app, "N. Cabrales")
    assert (await ana.put(row, data={"into": str(chosen.id)})).status_code == 200
    joined = next(one for one in await contacts(app) if one.id == chosen.id)
    assert (joined.name, joined.title, len(joined.emails)) == ("Nuria", "Jefa", 2)
    assert counts(await batch_of(app, f"/import/{batch.id}")) == (0, 1, 0, 0)


async def test_a_row_is_a_new_record_or_left_out(app: Starlette, ana: Client) -> None:
    await bring(app, ana, HEAD + "Nuria,nuria@example.org,,\nNuria C.,nc@example.org,,\n")
    rows = 'name,email\nNew,"nuria@example.org, nc@example.org"\nGone,bad\n'
    batch = await bring(app, ana, rows)
    second, first = await waiting(app)
    assert (await ana.put(f"/import/{batch.id}/failures/{first.id}", data={"into": "new"})).status_code == 200
    assert (await person(app, "New")).email == "nuria@example.org"
    assert (await ana.delete(f"/import/{batch.id}/failures/{second.id}")).status_code == 200
    assert counts(await batch_of(app, f"/import/{batch.id}")) == (1, 0, 1, 0) and await waiting(app) == []


async def test_only_its_maker_and_admins_mend(app: Starlette, ana: Client, mateo: Client) -> None:
    batch = await bring(app, ana, HEAD + "Ana,bad,,\n")
    for method in ("GET", "PUT", "DELETE"):
        answer = await mateo.request(method, f"/import/{batch.id}/failures/1")
        assert answer.status_code == 404, method
    assert len(await waiting(app)) == 1


@pytest.mark.parametrize(
    ("raw", "choice", "header"),
    [
        ("nombre;teléfono\nLucía;600 000 118\n".encode("mac-roman"), ("mac-roman", "semicolon"), "teléfono"),
        (b"a|b,c\nx|y,z\n", ("utf-8", "bar"), "b,c"),
    ],
)
async def test_a_wrong_guess_is_put_right(
    app: Starlette, ana: Client, raw: bytes, choice: tuple[str, str], header: str
) -> None:
    address = await upload(ana, raw)
    page = (await ana.get(address)).text
    assert 'id="reading"' in page and 'id="encoding"' in page
    form = {"encoding": choice[0], "delimiter": choice[1], "header": "1"}
    answer = await ana.put(f"{address}/reading", data=form)
    assert answer.status_code == 200 and f">{header}<" in answer.text
    assert [column["header"] for column in (await batch_of(app, address)).survey["columns"]][1] == header
    assert (await ana.put(f"{address}/run")).status_code == 200
    await app.state.worker.drain()
    assert counts(await batch_of(app, address)) == (1, 0, 0, 0)
    assert (await ana.put(f"{address}/reading", data=form)).status_code == 409, "it has run"


async def test_only_what_is_in_the_lists_can_be_chosen(app: Starlette, ana: Client) -> None:
    address = await upload(ana, "name,email\nAna,ana@example.org\n")
    for form in (
        {"encoding": "rot13", "delimiter": "comma"},
        {"encoding": "utf-8", "delimiter": "x"},
        {"encoding": "utf-16", "delimiter": "comma", "header": "1"},
    ):
        assert (await ana.put(f"{address}/reading", data=form)).status_code == 422, form
    assert (await batch_of(app, address)).survey["reading"]["encoding"] == "utf-8"


async def test_the_planner_knows_a_large_import_at_once(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,email\n" + "".join(f"P{n},p{n}@example.org\n" for n in range(MANY)))
    if not app.state.database.is_sqlite:
        known = "SELECT reltuples FROM pg_class WHERE relname = 'contact'"
    else:
        known = "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE idx = 'ix_contact_by_name'"
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.scalar(text(known)) or 0) >= MANY
