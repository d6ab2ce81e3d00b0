"""The settings of forms and chats: lists that follow, counts of where customers came from, who is there, what is pruned."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from server.announcer.models import Line
from server.channels.access import channel_at
from server.channels.models import Channel
from server.identity.models import Session
from server.kit.clock import frozen, now
from server.kit.jobs import Work
from server.kit.passes import Pass
from server.portal.jobs import prune
from server.portal.models import PublicAct
from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.portal.places import place
from tests.portal.test_chat import KEY, TYPED
from tests.portal.test_frames import sit


async def test_the_list_follows(app: Starlette, ana: Client) -> None:
    await place(ana, "form")
    for act in (
        lambda: ana.post("/settings/portal", data={"name": "Another", "kind": "chat"}),
        lambda: ana.put("/settings/portal/2", data={"name": "Renamed", "language": "es", "sites": "a.example"}),
        lambda: ana.delete("/settings/portal/1"),
    ):
        await assert_live_equals_reload(app, ana, "/settings/portal", act, regions=("places",))
    shown = (await ana.get("/settings/portal")).text
    assert "Renamed" in shown and "https://a.example" in shown and "Ask us" not in shown


async def test_addresses_for_mail_are_a_list_of_their_own(app: Starlette, ana: Client) -> None:
    key = await place(ana, "chat")
    assert key not in (await ana.get("/settings/channels")).text
    assert (await ana.put("/settings/channels/1", data={"name": "x"})).status_code == 404
    await ana.post("/settings/channels", data={"address": "help@nogal.example"})
    assert (await ana.put("/settings/portal/2", data={"name": "x"})).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"language": "xx"}, {"team": "99"}, {"zone": "Mars"}, {"mon": "nine to five"}]
)
async def test_what_is_wrong_is_refused(app: Starlette, ana: Client, wrong: dict[str, str]) -> None:
    await place(ana, "chat")
    given = {"name": "x", "language": "en", "zone": "UTC"} | wrong
    assert (await ana.put("/settings/portal/1", data=given)).status_code == 422


async def test_where_customers_came_from_is_counted(app: Starlette, ana: Client, anybody: Client) -> None:
    chat = "/p/widget/" + await place(ana, "chat")
    for campaign in ("spring", "spring", "autumn"):
        await anybody.post(chat, data=TYPED | {"utm_source": "newsletter", "utm_campaign": campaign})
    shown = (await ana.get("/settings/portal/1")).text
    assert shown.index("spring") < shown.index("autumn") and "newsletter" in shown


async def test_somebody_is_there_when_one_of_the_team_is(
    app: Starlette, ana: Client, mateo: Client, anybody: Client
) -> None:
    await ana.post("/settings/teams", data={"name": "Support", "department": "1"})
    here = "/p/widget/" + await place(ana, "chat", team="1") + "/here"
    _ear, anas = await sit(app, 1, "workspace:1")
    assert (await anybody.get(here)).json() == {"here": False}, "Ana is not in the team"
    assert (await ana.put("/settings/teams/1/members/2")).status_code < 400
    _ear, mateos = await sit(app, 2, "workspace:1")
    assert (await anybody.get(here)).json() == {"here": True}
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Session).values(seen_at=now() - timedelta(days=2)))
    presence = app.state.hub.presence
    assert presence.here("workspace:1") == {1, 2} and presence.here("workspace:2") is None
    app.state.hub.leave(mateos)
    assert presence.here("workspace:1") == {1}
    app.state.hub.leave(anas)
    assert (await anybody.get(here)).json() == {"here": False}


async def test_a_button_to_call_where_the_line_is_on(app: Starlette, ana: Client, anybody: Client) -> None:
    chat = "/p/widget/" + await place(ana, "chat", call="1")
    assert "/p/call/" not in (await anybody.get(chat)).text
    await ana.put("/settings/announcer", data={"is_on": "1", "wait": "30"})
    async with app.state.database.transaction(read=True) as tx:
        key = await tx.scalar(select(Line.key))
    assert f'href="/p/call/{key}" target="_blank" rel="noopener noreferrer"' in (await anybody.get(chat)).text


async def test_a_closed_chat_takes_nothing_more(app: Starlette, ana: Client, anybody: Client) -> None:
    chat = "/p/widget/" + await place(ana, "chat")
    begun = await anybody.post(chat, data=TYPED)
    await ana.delete("/settings/portal/1")
    for method, address in (("GET", chat), ("GET", f"{chat}.js"), ("POST", chat), ("GET", f"{chat}/here")):
        assert (await anybody.request(method, address)).status_code == 404, address
    headers = {"authorization": f"Bearer {begun.json()['pass']}"}
    assert (await anybody.get("/p/case", headers=headers)).status_code == 200, "its cases stay"


async def test_a_key_is_no_address_for_mail(app: Starlette, ana: Client) -> None:
    key = await place(ana, "chat")
    async with app.state.database.transaction(read=True) as tx:
        assert await channel_at(tx, key) is None
        assert (await tx.scalars(select(Channel.address))).all() == [key]


async def test_old_keys_and_passes_go(app: Starlette, ana: Client, anybody: Client) -> None:
    await anybody.post("/p/widget/" + await place(ana, "chat"), data=TYPED, headers=KEY)
    with frozen() as clock:
        clock.forward(days=63)
        await prune(Work(app.state.services, 0, 0, {}))
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(func.count()).select_from(PublicAct)) == 0
        assert await tx.scalar(select(func.count()).select_from(Pass)) == 0
