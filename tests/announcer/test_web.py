"""The public page and its limits, what agents see of callers, and that screens live as they would reload."""

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.announcer import visits
from server.announcer.script import Option
from server.kit.public import PublicDoor
from server.tasks.models import Task
from tests import make
from tests.announcer.callers import add_key, set_up
from tests.live import assert_live_equals_reload

Client = httpx.AsyncClient


async def test_who_calls_is_in_the_log_and_about_nobody(app: Starlette, ana: Client) -> None:
    path = await set_up(ana)
    answer = await ana.post(path, data={"name": "Noor <b>Haddad"})
    assert answer.status_code == 201
    page = (await ana.get("/calls")).text
    assert "Noor &lt;b&gt;Haddad" in page
    shown = await ana.get("/calls/1")
    assert shown.status_code == 200 and "Nothing proves who this is" in shown.text
    assert "Says the name is Noor &lt;b&gt;Haddad" in shown.text
    room = await ana.get("/p/call", headers={"authorization": f"Bearer {answer.json()['pass']}"})
    assert room.status_code == 200 and "Noor" not in room.text
    assert (await ana.delete("/calls/1")).status_code in (200, 403)
    assert PublicDoor is not None


async def test_unknown_callers_are_limited_and_may_write(app: Starlette, ana: Client, mateo: Client) -> None:
    """Three in ten minutes from an address; then a sentence and a form, which makes a task."""
    path = await set_up(ana, team="1")
    answers = [await ana.post(path) for _call in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert "Leave us a message below" in answers[3].text
    assert 'id="line-note"' in (await ana.get(path)).text
    noted = await ana.post(f"{path}/notes", data={"name": "Noor", "reach": "+34 600", "text": "A cake for Friday"})
    assert noted.status_code == 201
    assert (await ana.post(f"{path}/notes", data={"reach": ""})).status_code == 422
    async with app.state.database.transaction(read=True) as tx:
        task = await tx.scalar(select(Task))
    assert task is not None and (task.team_id, task.about) == (1, None)
    assert "Noor" in task.title and "A cake for Friday" in task.notes


async def test_so_many_at_once(app: Starlette, ana: Client) -> None:
    path = await set_up(ana)
    app.state.settings.line_calls_at_once = 2
    assert [(await ana.post(path)).status_code for _call in range(3)] == [201, 201, 429]


@pytest.mark.parametrize("key", ["x" * 24, "A" * 64])
async def test_a_forged_key_leads_nowhere(ana: Client, key: str) -> None:
    await set_up(ana)
    for method, address in (("GET", ""), ("POST", ""), ("POST", "/notes")):
        answer = await ana.request(method, f"/p/call/{key}{address}", data={"reach": "x"} if method == "POST" else None)
        assert answer.status_code == 404


async def test_a_line_that_is_off_or_has_another_address(ana: Client) -> None:
    path = await set_up(ana)
    await ana.post("/settings/announcer/key")
    assert (await ana.get(path)).status_code == 404
    path = await set_up(ana)
    assert (await ana.get(path)).status_code == 200
    await set_up(ana, is_on="")
    assert (await ana.get(path)).status_code == 404


async def test_both_languages(ana: Client) -> None:
    path = await set_up(ana)
    page = (await ana.get(path, params={"lang": "es"})).text
    assert "Llámenos desde esta página" in page and "Call us" not in page


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", ""), ("PUT", ""), ("POST", "/key"), ("POST", "/menus"), ("PUT", "/menus/1"), ("DELETE", "/menus/1"),
        ("POST", "/menus/1/options"), ("DELETE", "/menus/1/options/1"), ("DELETE", "/menus/1/sound"),
    ],
)  # fmt: skip
async def test_admins_alone_set_it_up(ana: Client, mateo: Client, method: str, address: str) -> None:
    await set_up(ana)
    form = {"name": "x", "digit": "1", "kind": "self"}
    answer = await mateo.request(method, f"/settings/announcer{address}", data=None if method == "GET" else form)
    assert answer.status_code == 403


async def test_menus_are_changed(app: Starlette, ana: Client, api: Client) -> None:
    await set_up(ana)
    assert (await ana.post("/settings/announcer/menus", data={"name": "More"})).status_code == 201
    await add_key(ana, "1", "team", "team:1", label_es="Ventas")
    await add_key(ana, "2", "menu", "menu:2")
    form = {"name": "Welcome", "zone": "Europe/Madrid", "greeting_en": "Nogal", "mon": "09:00-14:00, 16:00-19:00"}
    assert (await ana.put("/settings/announcer/menus/1", data=form)).status_code == 200
    shown = (await api.get("/announcer")).json()
    assert shown["menus"][0]["hours"][0] == [[540, 840], [960, 1140]]
    assert shown["menus"][0]["greeting"] == {"en": "Nogal", "es": "Nogal"}
    options = {one["digit"]: one for one in shown["menus"][0]["options"]}
    assert options["1"]["label"] == {"en": "Team", "es": "Ventas"} and options["2"]["target"] == 2
    page = (await ana.get("/settings/announcer")).text
    assert "09:00-14:00, 16:00-19:00" in page
    assert (await ana.delete("/settings/announcer/menus/1")).status_code == 409
    assert (await ana.delete("/settings/announcer/menus/2")).status_code == 200
    assert [one["digit"] for one in (await api.get("/announcer")).json()["menus"][0]["options"]] == ["1", "9"]


@pytest.mark.parametrize(
    "form",
    [
        {"digit": "x", "kind": "voicemail"},
        {"digit": "1", "kind": "nothing", "label_en": "x"},
        {"digit": "1", "kind": "team", "label_en": "x", "target": "team:99"},
        {"digit": "1", "kind": "person", "label_en": "x", "target": "team:1"},
        {"digit": "1", "kind": "menu", "label_en": "x", "target": "menu:9"},
        {"digit": "1", "kind": "text", "label_en": "x"},
        {"digit": "1", "kind": "file", "label_en": "x"},
        {"digit": "1", "kind": "team", "target": "team:1"},
    ],
)
async def test_keys_that_make_no_sense(ana: Client, form: dict[str, str]) -> None:
    await set_up(ana)
    assert (await ana.post("/settings/announcer/menus/1/options", data=form)).status_code == 422


async def test_what_is_no_sound_is_refused(ana: Client) -> None:
    await set_up(ana)
    given = {"sound": ("x.mp3", b"<script>nothing</script>", "audio/mpeg")}
    answer = await ana.put("/settings/announcer/menus/1", data={"name": "x", "zone": "UTC"}, files=given)
    assert answer.status_code == 422 and "This is no WAV" in answer.text


async def test_the_log_lives_as_it_reloads(app: Starlette, ana: Client, mateo: Client) -> None:
    path = await set_up(ana)
    await assert_live_equals_reload(app, mateo, "/calls", lambda: ana.post(path, data={"name": "Noor"}))


async def test_a_call_of_nobody_becomes_a_record_s(app: Starlette, ana: Client, mateo: Client) -> None:
    """The log's row, the call's page and the record's timeline."""
    path = await set_up(ana)
    await make.contact(app)
    await ana.post("/contacts/1/pin")
    await ana.post(path, data={"name": "Noor"})

    async def prove() -> httpx.Response:
        async with app.state.database.transaction() as tx:
            await visits.identify(tx, 1, 1)
        return await ana.get("/calls/1/caller")

    await assert_live_equals_reload(app, mateo, "/calls", prove)
    assert "Proved by number and PIN" in (await ana.get("/calls/1")).text
    assert "Proved by number and PIN" in (await ana.get("/contacts/1")).text


async def test_the_card_and_the_number_live_as_they_reload(app: Starlette, ana: Client, mateo: Client) -> None:
    path = await set_up(ana)
    await make.contact(app)
    await assert_live_equals_reload(
        app, mateo, "/contacts/1/pin", lambda: ana.post("/contacts/1/pin"), regions=("contact-1-number-panel",)
    )
    await ana.post(path, data={"name": "Noor"})
    option = Option("1", "person", "Mateo", 2)

    async def choose() -> httpx.Response:
        async with app.state.database.transaction() as tx:
            await visits.ring(tx, 1, option)
        return await ana.get("/calls/1/caller")

    await assert_live_equals_reload(app, mateo, "/calls/1", choose)
    card = (await mateo.get("/calls/ringing")).text
    assert "Noor" in card and "Chose: Mateo" in card and "Nothing proves who this is" in card


async def test_a_closed_record_s_caller_is_seen_by_its_people_alone(app: Starlette, ana: Client, mateo: Client) -> None:
    path = await set_up(ana)
    await make.contact(app)
    await ana.post("/contacts/1/pin")
    await ana.post(path, data={"name": "Noor"})
    await make.restrict(ana, 1, "user:1")
    async with app.state.database.transaction() as tx:
        await visits.identify(tx, 1, 1)
        await visits.ring(tx, 1, Option("1", "person", "Mateo", 2))
    assert (await mateo.get("/calls/1/caller")).status_code == 404
    assert "data-ring" not in (await mateo.get("/calls/ringing")).text
    assert (await mateo.post("/contacts/1/pin")).status_code == 404
