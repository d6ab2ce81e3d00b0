"""From a file to records: the whole way through the page."""

import json

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.identity.models import Workspace
from server.kit.events import EventRow
from server.kit.index import SearchRow
from server.portability.run import CHUNK
from tests.conftest import add_person, client_of, shared
from tests.make import counted
from tests.portability.conftest import Client, batch_of, bring, contacts, counts, failures, fields, upload


async def test_a_file_comes_in(app: Starlette, ana: Client, people: str) -> None:
    batch = await bring(app, ana, people)
    assert (batch.state, counts(batch)) == ("done", (3, 0, 0, 0))
    carmen, rafael, nuria = await contacts(app)
    assert (carmen.name, carmen.email, carmen.phone, carmen.tags) == (
        "Carmen Ibáñez",
        "carmen@faro.example.org",
        "+34 600 000 131",
        ["vip", "libros"],
    )
    assert carmen.custom == {"nif": "B1234"}
    companies = await contacts(app, "company")
    assert {one.name for one in companies} == {"Librería El Faro", "Café Rosaleda"}
    assert rafael.company_id == nuria.company_id


async def test_records_are_found_and_told(app: Starlette, ana: Client, people: str) -> None:
    await bring(app, ana, people)
    assert "Carmen Ibáñez" in (await ana.get("/contacts?q=carmen ibanez")).text
    assert "Nuria Cabrales" in (await ana.get("/contacts?q=rosaleda")).text
    assert "Nuria Cabrales" in (await ana.get("/contacts?tag=vip")).text
    async with app.state.database.transaction(read=True) as tx:
        rows = list(
            await tx.scalars(select(EventRow).where(EventRow.name.in_(("contact.created", "contacts.imported"))))
        )
        docs = await tx.scalar(select(func.count()).select_from(SearchRow))
    assert [row.quiet for row in rows if row.name == "contact.created"] == [True] * 5
    assert [row.data for row in rows if row.name == "contacts.imported"] == [{"created": 3, "updated": 0, "failed": 0}]
    assert docs == 5
    await app.state.relay.drain()


async def test_the_second_time_brings_records_up_to_date(app: Starlette, ana: Client, people: str) -> None:
    await bring(app, ana, people)
    again = "Nombre,Correo,Teléfono,Cargo\nCarmen Ibáñez,CARMEN@faro.example.org,+34 600 000 999,Librera\nLuis,luis@example.org,,\n"
    batch = await bring(app, ana, again)
    assert counts(batch) == (1, 1, 0, 0)
    carmen = (await contacts(app))[0]
    assert [point["value"] for point in carmen.phones] == ["+34 600 000 999", "+34 600 000 131"]
    assert (carmen.title, carmen.version, carmen.tags) == ("Librera", 2, ["vip", "libros"])
    assert "Carmen" in (await ana.get("/contacts?q=Librera")).text


async def test_the_same_file_twice_changes_nothing(app: Starlette, ana: Client, people: str) -> None:
    await bring(app, ana, people)
    batch = await bring(app, ana, people)
    assert counts(batch) == (0, 0, 3, 0)
    assert [one.version for one in await contacts(app)] == [1, 1, 1]


@pytest.mark.parametrize(("key", "want"), [("", (2, 0)), ("emails", (1, 1)), ("phones", (1, 1)), ("name", (1, 1))])
async def test_the_key_decides(app: Starlette, ana: Client, key: str, want: tuple[int, int]) -> None:
    rows = "name,email,phone,title\nTom,tom@example.org,+34 600 000 001,one\nTOM,tom@example.org,0034600000001,two\n"
    if key == "phones":
        rows = rows.replace("0034600000001", "+34600000001")
    batch = await bring(app, ana, rows, key=key)
    assert counts(batch)[:2] == want


async def test_a_custom_field_as_key(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,ref\nAna,A-1\nTom,T-2\n", to_1="new:text")
    batch = await bring(app, ana, "name,ref,title\nAna María,A-1,Jefa\n", key="x.ref")
    assert counts(batch) == (0, 1, 0, 0)
    assert [one.name for one in await contacts(app)] == ["Ana María", "Tom"]


async def test_several_matches_are_not_guessed_at(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name,phone\nAna,600000001\nAna,600000002\n", key="")
    batch = await bring(app, ana, "name,title\nAna,Jefa\n", key="name")
    assert counts(batch) == (0, 0, 0, 1)
    assert "Several records" in (await failures(app, batch))[0][2]


async def test_bad_rows_never_stop_good_ones(app: Starlette, ana: Client) -> None:
    rows = [
        "name,email,phone,tags,since",
        "Good,good@example.org,,,2024-01-02",
        "Mail,not(at)mail,,,",
        f"{'x' * 201},,,,",
        f"Tags,,,{';'.join(f't{n}' for n in range(51))},",
        "Day,,,,31/02/2023",
        "Phone,,call me,,",
        "Many,a,b,c,d,e,f",
        ",,,,",
        "Also good,,+34 600 000 002,,",
    ]
    batch = await bring(app, ana, "\n".join(rows), to_4="new:date")
    assert counts(batch) == (5, 0, 1, 3) and batch.flawed == 3, "a bad cell costs the cell, a bad key or name the row"
    found = await failures(app, batch)
    assert [(line, column) for line, column, _reason in found] == [
        (3, "email"),
        (4, "name"),
        (5, "tags"),
        (6, "since"),
        (7, "phone"),
        (8, ""),
    ]
    page = (await ana.get(f"/import/{batch.id}")).text
    assert "is no e-mail address" in page


async def test_failed_rows_can_be_mended_and_brought_again(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, "name,email,phone\nAna,=bad,+34 600 000 001\nTom,tom@example.org,\n")
    answer = await ana.get(f"/import/{batch.id}/failures.csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert "'=bad" in answer.text
    mended = answer.text.replace("'=bad", "ana@example.org")
    again = await bring(app, ana, mended)
    assert counts(again) == (1, 0, 0, 0)
    assert [one.name for one in await contacts(app)] == ["Tom", "Ana"]
    assert set(await fields(app)) == set()


async def test_telco(app: Starlette, ana: Client) -> None:
    """7,043 customers, all 21 columns as fields of the workspace."""
    path = shared("telco/Telco-Customer-Churn.csv")
    batch = await bring(app, ana, path)
    assert counts(batch) == (7043, 0, 0, 0)
    made = await fields(app)
    assert len(made) == 21
    assert (made["tenure"].kind, made["Churn"].kind, made["Contract"].kind) == ("number", "yes_no", "choice")
    records = await contacts(app)
    assert sum(one.custom["churn"] for one in records) == 1869
    assert sum("totalcharges" not in one.custom for one in records) == 11
    assert records[0].name == "7590-VHVEG"


async def test_hostile_strings_arrive_unchanged(app: Starlette, ana: Client) -> None:
    naughty = json.loads(shared("naughty/blns.json").read_text())
    payloads = [one["payload"] for one in json.loads(shared("xss/payloads.json").read_text())]
    strings = [text for text in naughty + payloads if text.strip() == text and text and "\x00" not in text][:600]
    strings = [text for text in strings if len(text) <= 2000 and text.isprintable() and not text.startswith("'")]
    rows = [["name", "words"], *([f"P{n}", text] for n, text in enumerate(strings))]
    quoted = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    batch = await bring(app, ana, quoted, to_1="new:text")
    assert counts(batch)[0] == len(strings)
    assert [one.custom["words"] for one in await contacts(app)] == strings
    address = await upload(ana, quoted)
    page = (await ana.get(address)).text
    assert "<script>alert" not in page


async def test_statements_do_not_grow_with_rows(app: Starlette, ana: Client) -> None:
    def rows(count: int, start: int) -> str:
        head = "name,email,company,plan\n"
        return head + "".join(f"P{n},p{n}@example.org,Firm {n % 9},{n}\n" for n in range(start, start + count))

    numbers = []
    for count in (5, CHUNK):
        await bring(app, ana, rows(5, 0))
        address = await upload(ana, rows(count, 10_000 * count))
        await ana.put(f"{address}/run")
        with counted(app) as seen:
            await app.state.worker.drain()
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] < 50


async def test_pause_and_go_on(app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "name,email\n" + "".join(f"P{n},p{n}@example.org\n" for n in range(1200))
    address = await upload(ana, rows)
    await ana.put(f"{address}/run")
    from server.portability import run

    plain, calls = run._save, []

    async def paused_after_one(*args: object) -> int:
        calls.append(1)
        position = await plain(*args)  # type: ignore[arg-type]
        if len(calls) == 1:
            args[0].info["pause"] = True  # type: ignore[attr-defined]
        return position

    monkeypatch.setattr(run, "_save", paused_after_one)

    async def pause_soon(done: int, total: int) -> None:
        if done == CHUNK:
            await ana.delete(f"{address}/run")

    await _run_telling(app, address, pause_soon)
    batch = await batch_of(app, address)
    assert (batch.state, batch.position, batch.created) == ("paused", CHUNK, CHUNK)
    assert "Go on" in (await ana.get(address)).text
    assert (await ana.put(f"{address}/run")).status_code == 200
    await app.state.worker.drain()
    batch = await batch_of(app, address)
    assert (batch.state, counts(batch)) == ("done", (1200, 0, 0, 0))


async def _run_telling(app: Starlette, address: str, tell: object) -> None:
    from server.portability.run import Stopped, run_import

    batch = await batch_of(app, address)
    path = app.state.services.files.path(batch.file_key)
    with pytest.raises(Stopped):
        await run_import(app.state.database, batch.id, path, tell)  # type: ignore[arg-type]


async def test_a_person_who_may_no_longer_write_brings_nothing(
    app: Starlette, workspace: Workspace, ana: Client
) -> None:
    person = await add_person(app, workspace, "Priya Raman")
    async with await client_of(app, person) as priya:
        address = await upload(priya, "name\nTom\n")
        await priya.put(f"{address}/run")
    async with app.state.database.transaction() as tx:
        (await tx.merge(person)).role = "read-only"
    await app.state.worker.drain()
    assert (await batch_of(app, address)).state == "paused"
    assert await contacts(app) == []


async def test_companies_come_too(app: Starlette, ana: Client) -> None:
    batch = await bring(
        app, ana, "Company,E-mail\nFaro,info@faro.example.org\n", kind="company", to_0="name", key="name"
    )
    assert counts(batch) == (1, 0, 0, 0)
    assert [one.name for one in await contacts(app, "company")] == ["Faro"]


async def test_the_preview_tells_what_will_happen(app: Starlette, ana: Client, people: str) -> None:
    await bring(app, ana, people)
    mixed = "name,email,since\nX,carmen@faro.example.org,1/2/2024\nY,y@example.org,\nZ,y@example.org,\nW,bad,2/2/2024\n"
    address = await upload(ana, mixed)
    page = (await ana.get(address)).text
    for words in (
        "Known here",
        "The same as in row 4",
        "The same as in row 3",
        "is no e-mail address",
        "Field will be made",
    ):
        assert words in page, words


async def test_unknown_files_are_refused_in_plain_words(app: Starlette, ana: Client) -> None:
    for raw, words in (
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(range(256)) * 40, "neither a table"),
        (b"name\n", "nothing under it"),
    ):
        answer = await ana.post("/import", files={"file": ("x.csv", raw, "text/csv")}, headers={"hx-request": "true"})
        assert answer.status_code == 422
        assert words in answer.text
    assert (await ana.post("/import", data={"file": "text"})).status_code == 422
    assert list((app.state.settings.data_dir / "files").rglob("*/*")) == []


async def test_an_admins_file_brings_new_choices_along(app: Starlette, ana: Client, mateo: Client) -> None:
    head = "name,plan\n"
    await bring(app, ana, head + "".join(f"A{n},{'SM'[n % 2]}\n" for n in range(12)))
    rows = head + "".join(f"B{n},{'SML'[n % 3]}\n" for n in range(18))
    address = await upload(ana, rows)
    assert "1 choice will be added" in (await ana.get(address)).text
    batch = await bring(app, mateo, rows)
    assert counts(batch) == (18, 0, 0, 0) and batch.flawed == 6
    batch = await bring(app, ana, rows.replace("B", "C"))
    assert counts(batch) == (18, 0, 0, 0) and batch.flawed == 0
    assert (await fields(app))["plan"].choices == ["M", "S", "L"]
