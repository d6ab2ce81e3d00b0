"""What a second screen becomes as somebody calls, asks and leaves a message is what a reload shows."""

from starlette.applications import Starlette

from server.announcer import pins, visits
from server.announcer.script import Option
from server.calls.actions import tell
from server.calls.events import CallRecorded
from server.calls.models import Call
from server.identity.models import User
from server.kit.access import system
from tests import make
from tests.announcer.callers import SETTINGS, set_up
from tests.conftest import Client
from tests.live import assert_live_in_both_languages


async def test_a_number_from_the_first_to_the_last(app: Starlette, ana: Client, mateo: Client) -> None:
    """Given, its link mailed, locked by guesses, taken away: beside the record and in its stream."""
    await set_up(ana)
    await ana.post("/api/v1/contacts", json={"name": "Lucía Ferrer", "emails": [{"value": "lucia@example.org"}]})
    app.state.services.mailer.is_real = True
    await app.state.relay.drain()

    async def guess() -> None:
        for _ in range(pins.WRONG):
            async with app.state.database.transaction() as tx:
                await pins.note_wrong(tx, 1, 1)

    for act in (
        lambda: ana.post("/contacts/1/pin"),
        lambda: ana.post("/contacts/1/pin/letters"),
        guess,
        lambda: ana.delete("/contacts/1/pin"),
    ):
        await assert_live_in_both_languages(
            app, mateo, "/contacts/1", act, regions=("timeline-contact-1", "contact-1-number")
        )


async def test_who_calls_asks_and_leaves_words(app: Starlette, ana: Client, mateo: Client) -> None:
    path = await set_up(ana)
    await make.contact(app)
    await ana.post("/contacts/1/pin")
    await ana.post(path, data={"name": "Noor"})
    async with app.state.database.transaction() as tx:
        await visits.identify(tx, 1, 1)
        await visits.ring(tx, 1, Option("1", "person", "Mateo", 2))
    await app.state.relay.drain()

    async def ask() -> None:
        async with app.state.database.transaction() as tx:
            await visits.ask_back(tx, 1)

    async def unring() -> None:
        async with app.state.database.transaction() as tx:
            await visits.unring(tx, 1)

    async def hang_up() -> None:
        """After the tone; the mix tells that it can be heard."""
        async with app.state.database.transaction() as tx:
            await visits.begin_message(tx, 1, "Say it after the tone.", "en")
            await visits.hang_up(tx, 1)
        await make.recording(app, 1)
        async with app.state.database.transaction() as tx:
            tell(tx, system(1), await tx.get_one(Call, 1), CallRecorded, kind="sound", seconds=12)

    await assert_live_in_both_languages(app, mateo, "/contacts/1", ask, regions=("timeline-contact-1",))
    await assert_live_in_both_languages(app, mateo, "/calls/1", unring)
    await assert_live_in_both_languages(app, mateo, "/contacts/1", hang_up, regions=("timeline-contact-1",))


async def test_its_settings_on_another_admin_s_screen(app: Starlette, ana: Client, mateo: Client) -> None:
    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, 2)).role = "admin"
    await set_up(ana)
    await app.state.relay.drain()
    form = {"name": "Evenings"}
    await assert_live_in_both_languages(
        app,
        mateo,
        SETTINGS,
        lambda: ana.post(f"{SETTINGS}/menus", data=form),
        regions=("announcer",),
    )
