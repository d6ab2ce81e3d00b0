"""Every fact with a line: what a second person's page becomes is what a reload shows them."""

from collections.abc import Awaitable, Callable

import httpx2 as httpx
from starlette.applications import Starlette

from server.kit.patches import PatchSource
from tests.live import Screen, assert_live_equals_reload, assert_live_in_both_languages
from tests.timeline.conftest import Client, upload
from tests.tree import Node

STREAM = ("timeline", "contact-1-files")


def writes(ana: Client, about: str) -> list[Callable[[], Awaitable[httpx.Response]]]:
    return [
        lambda: ana.post(f"/timeline/{about}/notes", data={"text": "Ask @Mateo Ríos about **Tarifa**"}),
        lambda: ana.put("/notes/1", data={"text": "Ask @Mateo Ríos today"}),
        lambda: ana.put("/notes/1/pin"),
        lambda: ana.put("/notes/1", data={"text": "Asked"}),
        lambda: ana.delete("/notes/1/pin"),
        lambda: upload(ana, about, ("contrato.pdf", b"%PDF-1.7"), ("foto.png", b"\x89PNG\r\n\x1a\n")),
        lambda: ana.put("/notes/1/pin"),
        lambda: ana.delete("/notes/1"),
        lambda: ana.delete("/notes/1/removal"),
        lambda: ana.delete("/files/1"),
        lambda: ana.delete("/files/1/removal"),
    ]


async def test_notes_and_files(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await app.state.relay.drain()
    for act in writes(ana, lucia):
        await assert_live_in_both_languages(app, mateo, "/contacts/1", act, regions=STREAM)


def others(ana: Client, about: str) -> list[Callable[[], Awaitable[httpx.Response]]]:
    return [
        lambda: ana.put("/contacts/1/facts/phones", data={"value": "+34 600 000 142", "seen": "0"}),
        lambda: ana.put("/contacts/1/facts/phones", data={"value": "", "seen": "9"}),
        lambda: ana.post("/tasks", data={"title": "Call", "about": about, "assignee": "2"}),
        lambda: ana.post("/tasks", data={"title": "Visit", "about": about, "assignee": "1", "team": "1"}),
        lambda: ana.put("/tasks/1", data={"field": "due", "value": "2027-01-15"}),
        lambda: ana.put("/tasks/1", data={"field": "title", "value": "Call again"}),
        lambda: ana.put("/tasks/1", data={"field": "priority", "value": "high"}),
        lambda: ana.put("/tasks/1", data={"field": "notes", "value": "why"}),
        lambda: ana.put("/tasks/1/handover", data={"to": "team:2", "comment": "yours"}),
        lambda: ana.delete("/tasks/1/handover"),
        lambda: ana.put("/tasks/1/assignee", data={"assignee": "", "team": "1"}),
        lambda: ana.post("/tasks/1/checklist", data={"text": "Price list"}),
        lambda: ana.put("/tasks/1/checklist/1", data={"done": "1"}),
        lambda: ana.put("/tasks/1/checklist/1", data={"done": "0", "text": "The price list"}),
        lambda: ana.delete("/tasks/1/checklist/1"),
        lambda: ana.put("/tasks/1/completion"),
        lambda: ana.delete("/tasks/1/completion"),
    ]


async def test_lines_of_other_domains(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    """A line stays as it was drawn, except for the title of its task: so the newest line is compared."""
    await app.state.relay.drain()
    before: set[str] = set()
    for act in others(ana, lucia):
        regions = ("contact-1-tasks",)
        for screen in await assert_live_in_both_languages(app, mateo, "/contacts/1", act, regions=regions):
            fresh = lines_of_page(screen.fresh)
            new = fresh.keys() - before
            assert new
            for id in new:
                shown = screen.page.find(id)
                assert shown is not None
                assert shown.dump() == fresh[id].dump(), screen.language
        before = set(fresh)


def lines_of_page(screen: Screen | None) -> dict[str, Node]:
    assert screen is not None
    found = {node.attrs.get("id") or "": node for node in screen.page.walk()}
    return {id: node for id, node in found.items() if id.startswith("event-")}


async def test_removing_a_task_strikes_its_title(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await ana.post("/tasks", data={"title": "Call", "about": lucia})
    await app.state.relay.drain()
    screen = await assert_live_equals_reload(
        app, mateo, "/contacts/1", lambda: ana.delete("/tasks/1"), regions=("contact-1-tasks", "contact-1-task-count")
    )
    assert "removed the task" in screen.page.text()


async def test_a_closed_records_stream_goes_to_its_own_topic(app: Starlette, ana: Client, lucia: str) -> None:
    await ana.put("/contacts/1/restriction", data={"who": "user:1"})
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    before = await source.heads(["contacts:1", "tasks:1", "workspace:1", lucia])
    await ana.post(f"/timeline/{lucia}/notes", data={"text": "A secret"})
    await upload(ana, lucia, ("secret.pdf", b"%PDF-"))
    await app.state.relay.drain()
    after = await source.heads(["contacts:1", "tasks:1", "workspace:1", lucia])
    assert after == before | {lucia: before[lucia] + 2}
