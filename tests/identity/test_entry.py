"""The ways in and out: set-up, sign-in, invitation, new password, devices."""

import re
from datetime import UTC, datetime

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.access import may, may_give
from server.identity.actions import write_sightings
from server.identity.cookies import cookie_name
from server.identity.forms import device_name
from server.identity.models import Session, User
from server.kit.access import Principal
from tests import make
from tests.conftest import add_person, client_of

Client = httpx.AsyncClient
PASSWORD = "tres palabras buenas"
SETUP = {
    "workspace": "Nogal Café", "language": "es", "timezone": "Europe/Madrid", "name": "Ana Beltrán",
    "email": "Ana@Example.org", "password": PASSWORD, "department": ["Ventas", ""], "invite": "mateo@example.org",
}  # fmt: skip


def browser(app: Starlette, **headers: str) -> Client:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


async def test_the_first_visit_makes_the_workspace(app: Starlette) -> None:
    async with browser(app) as ana:
        assert (await ana.get("/")).headers["location"] == "/setup"
        answer = await ana.post("/setup", data=SETUP)
        link = re.search(r"http://test(/join/[\w-]+)", answer.text)
        assert link is not None
        page = await ana.get("/contacts")
        assert page.status_code == 200
        assert 'lang="es"' in page.text
    async with browser(app) as other:
        assert (await other.post("/setup", data=SETUP)).headers["location"] == "/signin"
        joined = await other.post(link[1], data={"name": "Mateo Ríos", "password": PASSWORD})
        assert joined.status_code == 303
        assert (await other.get("/contacts")).status_code == 200
        assert (await other.get(link[1])).status_code == 404, "a link works once"


@pytest.mark.parametrize(
    ("field", "value"), [("password", "short"), ("email", "nobody"), ("workspace", " "), ("timezone", "Mars")]
)
async def test_a_wrong_set_up_keeps_what_was_typed(app: Starlette, field: str, value: str) -> None:
    async with browser(app) as ana:
        answer = await ana.post("/setup", data={**SETUP, field: value})
    assert answer.status_code == 422
    assert "Ana Beltrán" in answer.text
    assert PASSWORD not in answer.text


async def test_a_wrong_guest_is_named_and_departments_stay(app: Starlette) -> None:
    async with browser(app) as ana:
        assert (await ana.get("/setup")).text.count(" checked>") == 4
        wrong = {**SETUP, "invite": "mateo@example.org; not-a-mail", "department": ["Support", "Bakery"]}
        page = (await ana.post("/setup", data=wrong)).text
    assert "“not-a-mail” is no e-mail address" in page.partition('data-error-for="invite"')[2]
    assert "no e-mail address" not in page.partition('data-error-for="invite"')[0]
    assert 'value="Support" checked' in page
    assert 'value="Sales" checked' not in page
    assert 'value="Bakery"' in page


async def sign_in(client: Client, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await client.post("/signin", data={"email": "ana@example.org", "password": password, **more})


async def test_sign_in_and_out(app: Starlette) -> None:
    async with browser(app) as ana:
        await ana.post("/setup", data=SETUP)
        old = dict(ana.cookies)
        assert (await ana.post("/signout")).headers["location"] == "/signin"
        assert (await ana.get("/contacts")).headers["location"].startswith("/signin")
        assert (await sign_in(ana, "wrong password")).status_code == 422
        answer = await sign_in(ana, next="/settings/profile")
        assert answer.headers["location"] == "/settings/profile"
        assert dict(ana.cookies) != old
        assert (await sign_in(ana, next="//evil.example.org")).headers["location"] == "/contacts"


async def test_too_many_tries_are_stopped(app: Starlette) -> None:
    async with browser(app) as ana:
        await ana.post("/setup", data=SETUP)
        answers = [(await sign_in(ana, f"guess number {n}")).status_code for n in range(11)]
        assert answers[:10] == [422] * 10
        assert answers[10] == 429
        assert (await sign_in(ana)).status_code == 429, "also with the right password"


async def test_a_mail_of_two_workspaces_asks_which(app: Starlette) -> None:
    async with browser(app) as ana:
        await ana.post("/setup", data=SETUP)
    from server.identity.actions import PersonDraft, WorkspaceDraft, create_workspace

    hashed = await app.state.passwords.hash(PASSWORD)
    async with app.state.database.transaction() as tx:
        await create_workspace(tx, WorkspaceDraft("Second", "en", "UTC"), PersonDraft("Ana", "ana@example.org", hashed))
    async with browser(app) as ana:
        asked = await sign_in(ana)
        assert "Second" in asked.text
        assert "Nogal Café" in asked.text
        assert (await sign_in(ana, workspace="2")).status_code == 303


async def test_a_new_password_ends_every_session(app: Starlette, ana: Client, mateo: Client) -> None:
    made = await ana.post("/settings/people/2/reset")
    link = re.search(r"http://test(/reset/[\w-]+)", made.text)
    assert link is not None
    async with browser(app) as anybody:
        assert (await anybody.post(link[1], data={"password": "short"})).status_code == 422
        assert (await anybody.post(link[1], data={"password": PASSWORD})).headers["location"] == "/signin"
        assert (await anybody.get(link[1])).status_code == 404
    assert (await mateo.get("/contacts")).status_code == 303


@pytest.mark.parametrize(("ticked", "status"), [({"revoke": "1"}, 401), ({}, 200)])
async def test_a_new_password_revokes_tokens_when_asked(
    app: Starlette, ana: Client, api: Client, ticked: dict[str, str], status: int
) -> None:
    """After a reset the box is ticked already."""
    assert "Revoke my API token too" in (await ana.get("/settings/profile")).text
    made = await ana.post("/settings/people/1/reset")
    link = re.search(r"http://test(/reset/[\w-]+)", made.text)
    assert link is not None
    async with browser(app) as anybody:
        assert re.search(r'name="revoke" value="1" checked', (await anybody.get(link[1])).text)
        assert (await anybody.post(link[1], data={"password": PASSWORD, **ticked})).status_code == 303
    assert (await api.get("/me")).status_code == status


@pytest.mark.parametrize(("ticked", "status"), [({"revoke": "1"}, 401), ({}, 200)])
async def test_so_does_a_changed_one(
    app: Starlette, ana: Client, api: Client, ticked: dict[str, str], status: int
) -> None:
    hashed = await app.state.passwords.hash(PASSWORD)
    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, 1)).password_hash = hashed
    typed = {"old": PASSWORD, "password": f"{PASSWORD} too", **ticked}
    assert (await ana.post("/settings/password", data=typed)).status_code == 200
    assert (await api.get("/me")).status_code == status


async def test_a_deactivated_person_is_out_at_once(app: Starlette, ana: Client, mateo: Client) -> None:
    assert (await mateo.get("/contacts")).status_code == 200
    assert (await ana.delete("/settings/people/2")).status_code == 200
    assert (await mateo.get("/contacts")).status_code == 303
    assert (await ana.delete("/settings/people/1")).status_code == 422, "the last owner stays"


async def test_a_device_can_be_signed_out(app: Starlette, ana: Client) -> None:
    async with app.state.database.transaction(read=True) as tx:
        user = await tx.get(User, 1)
    assert user is not None
    async with await client_of(app, user) as phone:
        assert (await phone.get("/contacts")).status_code == 200
        assert (await ana.delete("/settings/devices")).status_code == 200
        assert (await phone.get("/contacts")).status_code == 303
    assert (await ana.get("/contacts")).status_code == 200


async def test_an_api_token_acts_as_its_person_under_api_only(app: Starlette, ana: Client) -> None:
    token = re.search(r"tert_[\w-]+", (await ana.post("/settings/tokens", data={"name": "sync"})).text)
    assert token is not None
    async with browser(app, authorization=f"Bearer {token[0]}") as client:
        assert (await client.get("/contacts")).status_code == 303
        assert (await client.put("/settings/profile/name", data={"value": "x"})).status_code == 401


async def test_the_picture_is_made_anew(app: Starlette, ana: Client) -> None:
    import io

    from PIL import Image

    raw = io.BytesIO()
    Image.new("RGB", (800, 600), "red").save(raw, "PNG", pnginfo=None)
    mine = {"picture": ("me.png", raw.getvalue(), "image/png")}
    assert (await ana.post("/settings/picture", files=mine, headers={"hx-request": "true"})).status_code == 200
    assert (await ana.post("/settings/picture", files=mine)).headers["location"] == "/settings/profile"  # no scripts
    shown = await ana.get("/people/1/picture")
    assert shown.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(shown.content)).size == (256, 256)
    bad = await ana.post("/settings/picture", files={"picture": ("x.svg", b"<svg onload=alert(1)>", "image/svg+xml")})
    assert bad.status_code == 422


def test_nobody_makes_somebody_stronger_than_themselves() -> None:
    admin, owner = Principal(1, 1, "admin"), Principal(2, 1, "owner")
    assert not may_give(admin, "owner")
    assert may_give(admin, "admin")
    assert may_give(owner, "owner")
    assert not may_give(Principal(3, 1, "manager"), "read-only")
    assert not may(admin, "edit", User(role="owner"))
    assert may(owner, "edit", User(role="owner"))


async def test_only_admins_reach_admin_acts(app: Starlette, ana: Client, mateo: Client) -> None:
    acts = [
        await mateo.post("/settings/invitations", data={"emails": "x@example.org"}),
        await mateo.put("/settings/people/1/role", data={"value": "member"}),
        await mateo.post("/settings/teams", data={"name": "Ours"}),
        await mateo.delete("/settings/teams/1"),
        await mateo.put("/settings/workspace/name", data={"value": "Ours"}),
        await mateo.post("/settings/fields", data={"label": "x", "kind": "text"}),
        await mateo.put("/settings/teams/1/members/2"),
    ]
    assert [answer.status_code for answer in acts] == [403] * len(acts)


async def test_a_role_change_asks_the_sockets_again(app: Starlette, ana: Client, mateo: Client) -> None:
    await app.state.relay.drain()
    assert (await ana.put("/settings/people/2/role", data={"value": "read-only"})).status_code == 200
    await app.state.relay.drain()
    from server.kit.patches import PatchSource

    source = PatchSource(app.state.database)
    head = (await source.heads(["user:2"]))["user:2"]
    messages = await source.replay("user:2", head - 1, ("en",))
    assert messages is not None
    assert messages[-1].recheck


async def test_settings_pages_open(app: Starlette, ana: Client) -> None:
    for path in (
        "/settings/profile",
        "/settings/people",
        "/settings/teams",
        "/settings/workspace",
        "/settings/fields",
        "/settings/check",
    ):
        with make.counted(app) as statements:
            assert (await ana.get(path)).status_code == 200, path
        assert len(statements) <= 15


async def test_people_of_the_workspace_are_picked_by_any_word(app: Starlette, ana: Client, workspace: object) -> None:
    await add_person(app, workspace, "Priya Raman")  # type: ignore[arg-type]
    assert "Priya Raman" in (await ana.get("/people?q=ram")).text
    assert "Support" in (await ana.get("/people?q=sup")).text
    assert "Priya" not in (await ana.get("/people?q=xyz")).text


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("curl/8.9", "curl"),
        ("", ""),
    ],
)  # fmt: skip
def test_devices_have_names(agent: str, name: str) -> None:
    assert device_name(agent) == name


async def test_pages_that_know_nobody_speak_the_language_chosen_before(app: Starlette, ana: Client) -> None:
    await ana.put("/settings/profile/language", data={"value": "es"})
    assert "lang=es" in (await ana.get("/contacts")).headers["set-cookie"]
    assert "set-cookie" not in (await ana.get("/contacts")).headers
    ana.cookies.delete(cookie_name(app.state.settings))
    lost = await ana.get("/nowhere")
    assert lost.status_code == 404
    assert '<html lang="es"' in lost.text
    await ana.get("/signin?lang=en")
    assert '<html lang="en"' in (await ana.get("/nowhere")).text


async def test_devices_are_seen(app: Starlette, ana: Client, mateo: Client) -> None:
    """The process keeps moments in memory; one write carries them all, without those that signed out meanwhile."""
    moment = datetime(2030, 5, 1, 10, 30, tzinfo=UTC)
    async with app.state.database.transaction() as tx:
        ids = sorted(await tx.scalars(select(Session.id)))
        await write_sightings(tx, {ids[0]: moment, 999: moment})
    async with app.state.database.transaction(read=True) as tx:
        seen = {session.id: session.seen_at for session in await tx.scalars(select(Session))}
    assert seen[ids[0]] == moment and seen[ids[1]] != moment and len(seen) == 2


async def test_set_up_says_all_that_is_wrong_at_once(app: Starlette) -> None:
    form = {"workspace": "", "name": "Ana", "email": "ana", "password": "short", "invite": "mateo@example.org, x"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as nobody:
        answer = await nobody.post("/setup", data=form)
    assert answer.status_code == 422
    assert re.findall(r'aria-describedby="error-(\w+)" aria-invalid="true"( autofocus)?', answer.text) == [
        ("workspace", " autofocus"), ("email", ""), ("password", ""), ("invite", ""),
    ]  # fmt: skip
    assert answer.text.count("autofocus") == 1
    assert "“x” is no e-mail address" in answer.text
