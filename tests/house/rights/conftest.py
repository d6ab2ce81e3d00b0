"""A workspace with one closed record and what belongs to it, a private room and a conversation: made once."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from server.main import build_app
from server.settings import Settings
from tests import make
from tests.conftest import Client, browser
from tests.house.rights.sweep import WORD, Place
from tests.scenes import Copy, Scenes, cookies, settings_for


@dataclass
class Filled:
    """Where it was made; every test has a copy."""

    address: str
    folder: Path
    numbers: dict[str, int]
    beside: dict[str, int]


@pytest.fixture(scope="session")
def filled(scenes: Scenes, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    address, folder = scenes.copy("mateo"), tmp_path_factory.mktemp("closed")
    return Filled(address, folder, *asyncio.run(fill(settings_for(address, folder))))


async def fill(settings: Settings) -> tuple[dict[str, int], dict[str, int]]:
    app = build_app(settings, background=False)
    async with app.router.lifespan_context(app):
        async with browser(app, cookies[1]) as ana:
            numbers = await close(app, ana)
            beside = await open_beside(app, ana)
            await app.state.worker.drain()  # found by her company until it is closed
            for record in (numbers["contact"], numbers["company"]):
                await make.restrict(ana, record, "user:1", "user:2")
        await app.state.worker.drain()
        await app.state.relay.drain()
    return numbers, beside


async def post(client: Client, address: str, **form: Any) -> int:
    answer = await client.post(address, **form)
    assert answer.status_code < 400, answer.text
    location = answer.headers.get("location", "0")
    return int(re.sub(r"\D", "", location.rpartition("/")[2]) or 0)


async def close(app: Starlette, ana: Client) -> dict[str, int]:
    """What is for Ana and Mateo alone, once its records are restricted; by kind."""
    contact = (await make.contact(app, f"{WORD} Contact", emails=f"{WORD}@example.org")).id
    company = (await make.contact(app, f"{WORD} Company", "company")).id
    about = f"contact:{contact}"
    made = {"contact": contact, "company": company, "file": 1}
    made["note"] = await post(ana, f"/api/v1/contacts/{contact}/notes", json={"body": f"{WORD} note"})
    made["task"] = await post(ana, "/api/v1/tasks", json={"title": f"{WORD} task", "about": about})
    await post(ana, f"/tasks/{made['task']}/checklist", data={"text": f"{WORD} item"})
    await post(ana, f"/timeline/{about}/files", files={"files": (f"{WORD}.txt", b"words", "text/plain")})
    made["message"] = await post(ana, f"/discussions/{about}/messages", data={"text": f"{WORD} said"})
    made["call"] = await post(ana, "/api/v1/calls", json={"about": about})
    await post(ana, f"/calls/{made['call']}/messages", data={"text": f"{WORD} said"})
    await post(ana, f"/calls/{made['call']}/guest-links", data={"name": f"{WORD} guest"})
    await make.recording(app, made["call"])
    made["case"] = await post(ana, "/api/v1/cases", json={"subject": f"{WORD} case", "about": about})
    await post(ana, f"/api/v1/cases/{made['case']}/messages", json={"body": f"{WORD} note", "audience": "team"})
    await make.recording(app, made["call"], kind="video")
    made["room"] = await post(ana, "/api/v1/rooms", json={"name": f"{WORD} room", "private": True})
    made["direct"] = await post(ana, "/api/v1/rooms", json={"kind": "direct", "user": 2})
    for room in (made["room"], made["direct"]):
        await post(ana, f"/api/v1/rooms/{room}/messages", json={"body": f"{WORD} word"})
    for kind in ("room", "direct"):
        made[f"call:{kind}"] = await post(ana, "/api/v1/calls", json={"about": f"room:{made[kind]}"})
        await post(ana, f"/calls/{made[f'call:{kind}']}/messages", data={"text": f"{WORD} said"})
        for media in ("sound", "video"):
            await make.recording(app, made[f"call:{kind}"], kind=media)
    return made


async def open_beside(app: Starlette, ana: Client) -> dict[str, int]:
    """Open things of somebody who works at the closed company."""
    olga = (await make.contact(app, "Olga Prieto")).id
    for name in (f"{WORD} Company", "Other", f"{WORD} Company"):
        version = (await ana.get(f"/api/v1/contacts/{olga}")).json()["version"]
        await ana.put(f"/contacts/{olga}/facts/company", data={"value": name, "seen": str(version)})
    room = await post(ana, f"/discussions/contact:{olga}/messages", data={"text": "Hello"})
    task = await post(ana, "/api/v1/tasks", json={"title": "Call Olga", "about": f"contact:{olga}"})
    return {"contact": olga, "room": room, "task": task}


@pytest.fixture
def settings(settings: Settings, template: Copy, filled: Filled, tmp_path: Path) -> Settings:
    shutil.copytree(filled.folder, tmp_path, dirs_exist_ok=True)
    return settings.model_copy(update={"database_url": template(filled.address)})


@pytest.fixture
def place(app: Starlette, filled: Filled) -> Place:
    """Ana's and Mateo's; nobody else may know of it."""
    return Place(app, filled.numbers, filled.beside)
