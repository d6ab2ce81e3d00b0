"""The settings of the announcer."""

import struct
import sys
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.announcer.callers import add_key, set_up
from tests.announcer.ears import bursts


async def test_it_is_set_up(ana: httpx.AsyncClient) -> None:
    path = await set_up(ana)
    page = await ana.get("/settings/announcer")
    assert len(path) > 25, page.text[:3000]


@pytest.mark.parametrize(("language", "words"), [("en", "Install espeak-ng"), ("es", "Instala espeak-ng")])
async def test_it_says_that_names_are_not_spoken_and_how_they_are(
    app: Starlette, ana: httpx.AsyncClient, language: str, words: str
) -> None:
    await ana.put("/settings/profile/language", data={"language": language})
    app.state.settings.speech = ""
    assert words in (await ana.get("/settings/announcer")).text
    app.state.settings.speech = sys.executable
    assert words not in (await ana.get("/settings/announcer")).text


async def test_a_key_is_changed_in_its_place(ana: httpx.AsyncClient) -> None:
    """What it leads to and the key itself; a key that is taken is refused, and a sound stays when none is given."""
    await set_up(ana)
    await add_key(ana, "1", "text", text_en="We open at nine.")
    option = "/settings/announcer/menus/1/options/2"
    page = (await ana.get("/settings/announcer")).text
    assert f'hx-put="{option}"' in page and ">We open at nine.</textarea>" in page
    changed = {"digit": "3", "kind": "text", "label_en": "Hours", "text_en": "We open at ten."}
    assert (await ana.put(option, data=changed)).status_code == 200
    page = (await ana.get("/settings/announcer")).text
    assert "<kbd>3</kbd>" in page and "<kbd>1</kbd>" not in page and ">We open at ten.</textarea>" in page
    taken = await ana.put(option, data=changed | {"digit": "9"})
    assert taken.status_code == 422 and "somewhere already" in taken.text
    assert (await ana.put("/settings/announcer/menus/1/options/99", data=changed)).status_code == 404


async def test_a_sound_stays_while_its_key_changes(ana: httpx.AsyncClient, tmp_path: Path) -> None:
    await set_up(ana)
    given = {"sound": ("x.wav", bursts(tmp_path / "x.wav").read_bytes(), "audio/wav")}
    form = {"digit": "5", "kind": "file", "label_en": "Hours"}
    assert (await ana.post("/settings/announcer/menus/1/options", data=form, files=given)).status_code == 201
    before = (await ana.get("/api/v1/announcer")).json()
    moved = await ana.put("/settings/announcer/menus/1/options/2", data=form | {"digit": "6"})
    assert moved.status_code == 200
    assert (await ana.get("/api/v1/announcer")).json() != before
    alone = await ana.post("/settings/announcer/menus/1/options", data=form)
    assert alone.status_code == 422, "a new key of this kind needs one"


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n/etc/hostname\n#EXT-X-ENDLIST\n"
SUN = b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 1, 8000, 1) + bytes(range(256)) * 32  # a sound, but none of those


@pytest.mark.parametrize("content", [PLAYLIST, SUN, b"ffconcat version 1.0\nfile /etc/hostname\n", b"not a sound"])
async def test_other_containers_are_refused_in_words(ana: httpx.AsyncClient, content: bytes) -> None:
    """Also those that could be played: what names other files or is read by no telephone is not opened at all."""
    await set_up(ana)
    form = {"digit": "5", "kind": "file", "label_en": "Our hours"}
    answer = await ana.post(
        "/settings/announcer/menus/1/options", data=form, files={"sound": ("x.wav", content, "audio/wav")}
    )
    assert answer.status_code == 422 and "WAV, MP3, Ogg, FLAC, M4A or WebM" in answer.text
