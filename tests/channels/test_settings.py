"""The settings page of channels: addresses are unique in the installation, and admins' alone."""

from starlette.applications import Starlette

from tests.conftest import Client
from tests.live import assert_live_equals_reload

DRAFT = {"address": "Help@Nogal.example", "name": "Nogal", "language": "es", "signature": "Nogal, Madrid"}


async def test_open_change_and_close(app: Starlette, ana: Client) -> None:
    assert (await ana.post("/settings/channels", data=DRAFT)).status_code == 201
    page = (await ana.get("/settings/channels")).text
    assert "help@nogal.example" in page and "Nogal, Madrid" in page
    assert (await ana.put("/settings/channels/1", data=DRAFT | {"name": "Nogal Café"})).status_code == 200
    assert "Nogal Café" in (await ana.get("/settings/channels")).text
    assert (await ana.delete("/settings/channels/1")).status_code == 200
    assert "help@nogal.example" not in (await ana.get("/settings/channels")).text
    assert (await ana.post("/settings/channels", data=DRAFT)).status_code == 201  # open again, as the same channel
    assert (await ana.put("/settings/channels/1", data=DRAFT)).status_code == 200


async def test_an_address_is_one_workspaces(ana: Client, stranger: Client) -> None:
    assert (await ana.post("/settings/channels", data=DRAFT)).status_code == 201
    assert (await stranger.post("/settings/channels", data=DRAFT)).status_code == 422
    assert (await stranger.put("/settings/channels/1", data=DRAFT)).status_code == 404


async def test_members_change_no_channels(mateo: Client) -> None:
    assert (await mateo.get("/settings/channels")).status_code == 403
    assert (await mateo.post("/settings/channels", data=DRAFT)).status_code == 403


async def test_what_is_no_address_says_so(ana: Client) -> None:
    answer = await ana.post("/settings/channels", data=DRAFT | {"address": "help at nogal"})
    assert answer.status_code == 422 and "address" in answer.text


async def test_the_page_follows(app: Starlette, ana: Client, mateo: Client) -> None:
    await mateo_becomes_admin(app)
    await assert_live_equals_reload(
        app, mateo, "/settings/channels", lambda: ana.post("/settings/channels", data=DRAFT), regions=("channels",)
    )


async def mateo_becomes_admin(app: Starlette) -> None:
    from server.identity.models import User

    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, 2)).role = "admin"
