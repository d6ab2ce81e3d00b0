"""Who may import, who sees an import, and what an export leaves out."""

import pytest
from starlette.applications import Starlette

from server.identity.models import Workspace
from server.portability.access import may_hear_job
from tests.conftest import add_person, client_of
from tests.portability.conftest import PEOPLE, Client, batch_of, bring, contacts, fields, upload

ROUTES = [
    ("GET", "/import/{id}"), ("GET", "/import/{id}/progress"), ("GET", "/import/{id}/failures.csv"),
    ("PUT", "/import/{id}/mapping"), ("PUT", "/import/{id}/run"), ("PUT", "/import/{id}/undo"),
    ("DELETE", "/import/{id}/run"), ("DELETE", "/import/{id}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_strangers_and_colleagues_see_no_import(
    app: Starlette, ana: Client, mateo: Client, stranger: Client, method: str, path: str
) -> None:
    address = await upload(ana, PEOPLE)
    path = path.format(id=address.rpartition("/")[2])
    for client in (mateo, stranger):
        answer = await client.request(method, path)
        nothing = await client.request(method, path.replace("/import/1", "/import/999"))
        assert (answer.status_code, nothing.status_code) == (404, 404)
    assert (await batch_of(app, address)).state == "mapping"


async def test_admins_see_the_imports_of_others(app: Starlette, ana: Client, mateo: Client) -> None:
    batch = await bring(app, mateo, PEOPLE)
    assert (await ana.get(f"/import/{batch.id}")).status_code == 200
    assert "Mateo Ríos" in (await ana.get("/import")).text
    assert (await ana.put(f"/import/{batch.id}/undo")).status_code == 200


async def test_read_only_people_import_nothing(app: Starlette, workspace: Workspace) -> None:
    person = await add_person(app, workspace, "Tom Whitfield", "read-only")
    async with await client_of(app, person) as tom:
        answer = await tom.post("/import", files={"file": ("x.csv", PEOPLE.encode(), "text/csv")})
        assert answer.status_code == 403
        assert "Look at the file" not in (await tom.get("/import")).text
        assert (await tom.get("/export/contacts")).status_code == 200
    assert not (app.state.settings.data_dir / "files").exists()


async def test_members_make_no_fields(app: Starlette, mateo: Client) -> None:
    batch = await bring(app, mateo, PEOPLE)
    assert await fields(app) == {}
    assert batch.options["targets"][4] == ""
    assert len(await contacts(app)) == 3
    address = await upload(mateo, PEOPLE)
    assert "Only admins make fields" in (await mateo.get(address)).text
    form = {f"to-{n}": target for n, target in enumerate(["name", "emails", "", "", "new:text", ""])}
    answer = await mateo.put(f"{address}/mapping", data={**form, "key": "", "kind": "contact"})
    assert answer.status_code == 403


async def test_a_restricted_record_is_neither_matched_nor_exported(app: Starlette, ana: Client, mateo: Client) -> None:
    await ana.post("/contacts", data={"name": "Secret", "emails": "carmen@faro.example.org"})
    await ana.put("/contacts/1/restriction", data={"who": "user:1"})
    batch = await bring(app, mateo, PEOPLE)
    assert (batch.created, batch.updated) == (3, 0)
    assert "Secret" not in (await mateo.get("/export/contacts")).text
    assert "Secret" not in (await mateo.get("/export/contacts.vcf")).text
    assert (await mateo.get("/export/contacts/1.vcf")).status_code == 404
    assert "Secret" in (await ana.get("/export/contacts")).text


async def test_exports_hold_ones_own_workspace_only(app: Starlette, ana: Client, stranger: Client) -> None:
    await bring(app, ana, PEOPLE)
    assert (await stranger.get("/export/contacts")).text.count("\r\n") == 1
    assert (await stranger.get("/export/contacts.vcf?ids=1,2,3")).text == ""


async def test_who_hears_a_job(app: Starlette, workspace: Workspace, ana: Client, mateo: Client) -> None:
    from server.identity.access import by_user_id

    address = await upload(ana, PEOPLE)
    await ana.put(f"{address}/run")
    job = str((await batch_of(app, address)).job_id)
    await add_person(app, workspace, "Priya Raman", "admin")
    async with app.state.database.transaction(read=True) as tx:
        heard = [await may_hear_job(tx, await by_user_id(tx, id), {job, "x", "99"}) for id in (1, 2, 3)]
    assert heard == [{job}, set(), {job}]
