"""What callers hear, by their own ears: the queue in order, a sound of the house, the notice, the sentences that ship."""

import shutil
from pathlib import Path

import httpx2 as httpx
import pytest

from server.announcer.speech import PROMPTS
from server.calls.models import Call
from server.offline import opened
from server.settings import Settings
from tests.announcer.callers import add_key, calling, set_up
from tests.announcer.ears import bursts, hears, sentence
from tests.announcer.test_whole import channel_of, spoken_to
from tests.calls.conftest import AGREED
from tests.calls.test_whole import sitting, until
from tests.server import OWNER, add_colleague, servers

speaks = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="left out: espeak-ng is not installed")


async def start(ana: httpx.AsyncClient, settings: Settings) -> str:
    """A call about the first record; its name on the wire."""
    assert (await ana.post("/calls", data={"about": "contact:1"})).status_code == 303
    async with opened(settings) as database, database.transaction(read=True) as tx:
        return (await tx.get_one(Call, 1)).room


@speaks
async def test_two_wait_in_order(settings: Settings) -> None:
    """The second is told its place, in their own language, and that they are the next once the first has gone."""
    async with servers(settings) as (server,):
        await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo:
            path = await set_up(ana, wait="120")
            await add_key(ana, "1", "person", "person:2", label_en="Mateo")
            async with calling(server.url, path, name="Noor") as noor:
                await spoken_to(noor)
                await channel_of(noor)
                await noor.press("1")
                await until(lambda: mateo.get("/calls/ringing"), lambda page: "Noor" in page.text)
                await hears(noor, sentence(settings, "We are calling Mateo. To leave a message instead, press star."))
                async with calling(server.url, path, query="?lang=es", name="Olga") as olga:
                    await spoken_to(olga)
                    await channel_of(olga)
                    await olga.press("1")
                    await hears(olga, sentence(settings, "Es usted el número 2 de la cola.", "es"))
                    await noor.say("leave")
                    await noor.hear("bye")
                    await hears(olga, sentence(settings, "Es usted el siguiente.", "es"))


async def test_a_sound_of_the_house_is_played(settings: Settings, tmp_path: Path) -> None:
    async with servers(settings) as (server,):
        await server.start()
        async with server.browser(OWNER) as ana:
            path = await set_up(ana)
            sound = bursts(tmp_path / "hours.wav")
            form = {"digit": "5", "kind": "file", "label_en": "Our hours"}
            given = {"sound": ("hours.wav", sound.read_bytes(), "audio/wav")}
            answer = await ana.post("/settings/announcer/menus/1/options", data=form, files=given)
            assert answer.status_code == 201, answer.text
            async with calling(server.url, path, name="Noor") as noor:
                await spoken_to(noor)
                await channel_of(noor)
                await noor.press("5")
                await hears(noor, sound)


@speaks
async def test_the_notice_of_a_recording_is_heard_by_all(settings: Settings) -> None:
    async with servers(settings) as (server,):
        mateo_token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana, server.browser("mateo@example.org") as mateo:
            await set_up(ana)
            await ana.post("/contacts", data={"name": "Lucía Ferrer"})
            room = await start(ana, settings)
            members = [await sitting(server, server.token, 1, room), await sitting(server, mateo_token, 2, room)]
            try:
                for page in (ana, mateo):
                    assert (await page.put("/calls/1/consent", data=AGREED)).status_code == 200
                assert (await ana.put("/calls/1/recording", data={"state": "on"})).status_code == 200
                for member in members:
                    await hears(member, sentence(settings, "This call is being recorded."))
            finally:
                for member in members:
                    await member.close()


@pytest.mark.parametrize("language", ["en", "es"])
async def test_without_a_program_that_speaks_the_sentences_that_ship_are_heard(
    settings: Settings, language: str
) -> None:
    async with servers(settings) as (server,):
        server.env["SPEECH"] = ""
        await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        await server.start()
        async with server.browser(OWNER) as ana:
            path = await set_up(ana)
            await add_key(ana, "1", "person", "person:2", label_en="Mateo")
            async with calling(server.url, path, query=f"?lang={language}", name="Noor") as noor:
                await hears(noor, PROMPTS / language / "option_person.opus")
                await spoken_to(noor)
                await channel_of(noor)
                await noor.press("1")
                await hears(noor, PROMPTS / language / "connecting.opus")
        assert not (settings.data_dir / "speech").exists(), "nothing was spoken by a program"
