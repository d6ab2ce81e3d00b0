"""Every fact with a screen: what a second person's page becomes is what a reload shows them."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.live import Screen, assert_live_equals_reload
from tests.make import speak
from tests.tasks.conftest import Client, join

PAGE = (
    "task-1-head",
    "task-1-handed",
    "task-1-fact-assignee",
    "task-1-fact-due",
    "task-1-fact-priority",
    "task-1-notes",
    "task-1-checklist",
    "task-1-lines",
)
RECORD = ("contact-1-tasks", "contact-1-task-count")
ACTS: list[tuple[str, str, dict[str, str]]] = [
    ("PUT", "/tasks/1", {"field": "title", "value": "Confirm it", "seen": "0"}),
    ("PUT", "/tasks/1", {"field": "due", "value": "2027-01-15", "time": "10:00", "seen": "0"}),
    ("PUT", "/tasks/1", {"field": "priority", "value": "urgent", "seen": "0"}),
    ("PUT", "/tasks/1", {"field": "notes", "value": "**15th**, not later", "seen": "0"}),
    ("PUT", "/tasks/1/assignee", {"assignee": "1", "team": "1"}),
    ("PUT", "/tasks/1/handover", {"to": "user:2", "comment": "yours"}),
    ("PUT", "/tasks/1/handover", {"to": "team:2", "comment": ""}),
    ("DELETE", "/tasks/1/handover", {}),
    ("POST", "/tasks/1/checklist", {"text": "Price list"}),
    ("PUT", "/tasks/1/checklist/1", {"done": "1"}),
    ("PUT", "/tasks/1/completion", {}),
]


@pytest.fixture(params=["en", "es"])
async def watcher(app: Starlette, mateo: Client, request: pytest.FixtureRequest) -> tuple[Client, str]:
    await speak(app, 2, request.param)
    return mateo, request.param


async def through_all(
    app: Starlette, ana: Client, watcher: tuple[Client, str], page: str, regions: tuple[str, ...]
) -> None:
    """One after the other on the same task: each patch meets what the earlier ones left."""
    screen: Screen | None = None
    for method, path, data in ACTS:

        async def act(method: str = method, path: str = path, data: dict[str, str] = data) -> httpx.Response:
            return await ana.request(method, path, data=data)

        screen = await assert_live_equals_reload(
            app, watcher[0], page, act, language=watcher[1], regions=regions, before=screen
        )


async def test_on_the_tasks_own_page(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str) -> None:
    await through_all(app, ana, watcher, task, PAGE)


async def test_on_the_record(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str) -> None:
    await through_all(app, ana, watcher, "/contacts/1", RECORD)


async def test_in_the_list(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})
    await through_all(app, ana, watcher, "/tasks?show=teams&team=1", ("task-1-row",))


@pytest.mark.parametrize("act_path", ["completion", "removal", "restoration", "acceptance"])
async def test_ways_back(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str, act_path: str) -> None:
    client, language = watcher
    await join(app, 2, 1)
    match act_path:
        case "completion":
            await ana.put(f"{task}/completion")
        case "acceptance":
            await ana.put(f"{task}/handover", data={"to": "user:2"})
        case "restoration":
            await ana.delete(task)
            await app.state.relay.drain()

    async def act() -> httpx.Response:
        match act_path:
            case "completion":
                return await ana.delete(f"{task}/completion")
            case "acceptance":
                return await client.put(f"{task}/handover/acceptance")
            case "restoration":
                return await ana.delete(f"{task}/removal")
        return await ana.delete(task)

    is_gone = act_path in ("removal", "restoration")
    regions, page = (RECORD, "/contacts/1") if is_gone else (PAGE, task)
    await assert_live_equals_reload(app, client, page, act, language=language, regions=regions)


async def test_a_new_task_reaches_record_list_and_badge(
    app: Starlette, ana: Client, watcher: tuple[Client, str], lucia: str
) -> None:
    client, language = watcher

    async def give(title: str) -> httpx.Response:
        return await ana.post("/tasks", data={"title": title, "about": lucia, "assignee": "2", "due": "2026-01-02"})

    await assert_live_equals_reload(app, client, "/contacts/1", lambda: give("One"), language=language, regions=RECORD)
    regions = ("tasks", "nav", "tabbar")
    screen = await assert_live_equals_reload(
        app, client, "/tasks", lambda: give("Two"), language=language, regions=regions
    )
    assert "Two" in screen.page.text()


async def test_a_hand_over_appears_as_a_card(
    app: Starlette, ana: Client, watcher: tuple[Client, str], task: str
) -> None:
    client, language = watcher

    async def act() -> httpx.Response:
        return await ana.put(f"{task}/handover", data={"to": "user:2", "comment": "Client signs today"})

    screen = await assert_live_equals_reload(app, client, "/tasks", act, language=language, regions=("handed", "nav"))
    assert "Client signs today" in screen.page.text()


async def test_a_closed_records_tasks_are_not_told_to_lists(
    app: Starlette, ana: Client, mateo: Client, lucia: str, task: str
) -> None:
    from server.kit.patches import PatchSource

    await ana.put("/contacts/1/restriction", data={"who": "user:1"})
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    head = (await source.heads(["tasks:1"]))["tasks:1"]
    await ana.put(task, data={"field": "title", "value": "A secret", "seen": "0"})
    await ana.post("/tasks", data={"title": "Another secret", "about": lucia})
    await app.state.relay.drain()
    assert (await source.heads(["tasks:1"]))["tasks:1"] == head
    assert (await source.heads(["task:1"]))["task:1"] > 0


async def test_a_trashed_records_rows_go(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await ana.put(f"{task}/assignee", data={"team": "2"})

    async def act() -> httpx.Response:
        return await ana.put("/contacts/1/trash")

    screen = await assert_live_equals_reload(app, mateo, "/tasks?show=teams&team=2", act, regions=("handed",))
    assert screen.page.find("task-1-row") is None


async def test_a_renamed_record_in_rows_and_on_the_tasks_page(
    app: Starlette, ana: Client, watcher: tuple[Client, str], task: str
) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})
    for record, name in (("1", "Lucía Ferrer Gil"), ("2", "Hoteles Alba")):
        for page, region in (("/tasks?show=teams&team=1", "task-1-row"), (task, "task-1-about")):

            async def act(record: str = record, name: str = f"{name} {len(page)}") -> httpx.Response:
                return await ana.put(f"/contacts/{record}/facts/name", data={"value": name, "seen": "99"})

            screen = await assert_live_equals_reload(app, watcher[0], page, act, language=watcher[1], regions=(region,))
            assert name in screen.page.find(region).text()


async def test_a_closed_company_in_rows(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})

    async def act() -> httpx.Response:
        return await ana.put("/contacts/2/restriction", data={"who": ["user:1"]})

    for page, region in (("/tasks?show=teams&team=1", "task-1-row"), (task, "task-1-about")):
        screen = await assert_live_equals_reload(app, watcher[0], page, act, language=watcher[1], regions=(region,))
        assert "Almadraba" not in screen.page.find(region).text()
        await ana.put("/contacts/2/restriction", data={})
        await app.state.relay.drain()


async def test_lines_follow_a_tasks_name(app: Starlette, ana: Client, watcher: tuple[Client, str], task: str) -> None:
    """Older lines of the stream and of the task's own history name it as it is called now, or strike it through."""
    await ana.put(f"{task}/completion")
    await ana.delete(f"{task}/completion")

    async def act() -> httpx.Response:
        return await ana.put(task, data={"field": "title", "value": "Collect January", "seen": "99"})

    async def remove() -> httpx.Response:
        return await ana.delete(task)

    for page, region in (("/contacts/1", "timeline-contact-1"), (task, "task-1-lines")):
        screen = await assert_live_equals_reload(app, watcher[0], page, act, language=watcher[1], regions=(region,))
        assert screen.page.find(region).text().count("Collect January") >= 4
        await ana.put(task, data={"field": "title", "value": "Confirm January instalment", "seen": "99"})
        await app.state.relay.drain()
    await assert_live_equals_reload(
        app, watcher[0], "/contacts/1", remove, language=watcher[1], regions=("timeline-contact-1",)
    )
