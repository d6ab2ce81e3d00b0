"""Taking an import back: new records to the trash, changed ones as they were, what somebody changed since is left."""

from starlette.applications import Starlette

from server.kit.clock import frozen, now
from server.portability.queries import undo_until
from tests.portability.conftest import PEOPLE, Client, batch_of, bring, contacts, fields


async def take_back(app: Starlette, client: Client, number: int) -> None:
    answer = await client.put(f"/import/{number}/undo")
    assert answer.status_code == 200, answer.text
    await app.state.worker.drain()


async def test_new_records_go_to_the_trash_with_their_companies(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, PEOPLE)
    await take_back(app, ana, batch.id)
    batch = await batch_of(app, f"/import/{batch.id}")
    assert (batch.state, batch.undone, batch.left) == ("undone", 5, 0)
    assert await contacts(app) == await contacts(app, "company") == []
    assert len(await contacts(app, trashed=True)) == 3
    assert (
        "Carmen" not in (await ana.get("/contacts?q=carmen")).text.partition('id="contact-list"')[2].partition("q=")[0]
    )
    assert "Taken back" in (await ana.get(f"/import/{batch.id}")).text


async def test_changed_fields_are_put_back(app: Starlette, ana: Client) -> None:
    await bring(app, ana, PEOPLE)
    before = [(one.emails, one.phones, one.tags, one.custom, one.company_id, one.title) for one in await contacts(app)]
    update = "name,email,phone,company,tags,NIF\nCarmen I.,carmen@faro.example.org,+34 600 000 999,Otra,nuevo,B0\n"
    batch = await bring(app, ana, update)
    assert (await contacts(app))[0].name == "Carmen I."
    await take_back(app, ana, batch.id)
    after = [(one.emails, one.phones, one.tags, one.custom, one.company_id, one.title) for one in await contacts(app)]
    assert after == before
    carmen = (await contacts(app))[0]
    assert (carmen.name, carmen.version) == ("Carmen Ibáñez", 3)
    assert "Carmen Ibáñez" in (await ana.get("/contacts?q=600000131")).text
    assert {one.name for one in await contacts(app, "company")} == {"Librería El Faro", "Café Rosaleda"}


async def test_what_somebody_changed_since_is_left_and_listed(app: Starlette, ana: Client, mateo: Client) -> None:
    batch = await bring(app, ana, PEOPLE)
    rafael = (await contacts(app))[1]
    await mateo.put(f"/contacts/{rafael.id}/facts/title", data={"value": "Dueño", "seen": "0"})
    await take_back(app, ana, batch.id)
    batch = await batch_of(app, f"/import/{batch.id}")
    assert (batch.undone, batch.left) == (3, 2)  # Rafael, and the company he belongs to
    assert [one.name for one in await contacts(app)] == ["Rafael Soto"]
    assert [one.name for one in await contacts(app, "company")] == ["Café Rosaleda"]
    page = (await ana.get(f"/import/{batch.id}")).text
    assert "Left as they are" in page
    assert "Rafael Soto" in page


async def test_a_record_touched_twice_gets_its_first_value_back(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,email,title\nAna,ana@example.org,one\n")
    rows = "name,email,title\nAna,ana@example.org,two\n" + "".join(f"P{n},p{n}@example.org,x\n" for n in range(600))
    batch = await bring(app, ana, rows + "Ana,ana@example.org,three\n")
    assert (batch.created, batch.updated) == (600, 2)
    assert (await contacts(app))[0].title == "three"
    await take_back(app, ana, batch.id)
    assert [(one.name, one.title) for one in await contacts(app)] == [("Ana", "one")]


async def test_undo_while_it_runs_stops_it(app: Starlette, ana: Client) -> None:
    answer = await ana.post("/import", files={"file": ("x.csv", b"name\nTom\n", "text/csv")})
    address = answer.headers["location"]
    await ana.put(f"{address}/run")
    assert (await ana.put(f"{address}/undo")).status_code == 200
    await app.state.worker.drain()
    assert (await batch_of(app, address)).state == "undone"
    assert await contacts(app) == []


async def test_undo_ends_after_thirty_days(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, PEOPLE)
    with frozen(now()) as clock:
        clock.forward(days=29)
        assert undo_until(batch, 30)
        clock.forward(days=1, seconds=1)
        assert not undo_until(batch, 30)
    app.state.settings.trash_days = 0
    assert "Undo all" not in (await ana.get(f"/import/{batch.id}")).text
    assert (await ana.put(f"/import/{batch.id}/undo")).status_code == 403
    assert len(await contacts(app)) == 3


async def test_fields_it_made_go_when_nobody_uses_them(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, "name,Shoe size,Colour\nAna,38,red\nEva,40,blue\n")
    made = await fields(app)
    assert {"Shoe size", "Colour"} <= set(made)
    await ana.post("/contacts", data={"name": "Iris"})
    iris = next(one for one in await contacts(app) if one.name == "Iris")
    await ana.put(f"/contacts/{iris.id}/facts/x.colour", data={"value": "green", "seen": "0"})
    await take_back(app, ana, batch.id)
    assert set(made) - set(await fields(app)) == {"Shoe size"}
