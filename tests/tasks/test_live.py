"""Every fact with a screen: what a second person's page becomes is what a reload shows them."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.live import assert_live_equals_reload, assert_live_in_both_languages
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


async def through_all(app: Starlette, ana: Client, mateo: Client, page: str, regions: tuple[str, ...]) -> None:
    """One after the other on the same task: each patch meets what the earlier ones left."""
    for method, path, data in ACTS:

        async def act(method: str = method, path: str = path, data: dict[str, str] = data) -> httpx.Response:
            return await ana.request(method, path, data=data)

        await assert_live_in_both_languages(app, mateo, page, act, regions=regions)


async def test_on_the_tasks_own_page(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await through_all(app, ana, mateo, task, PAGE)


async def test_on_the_record(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await through_all(app, ana, mateo, "/contacts/1", RECORD)


async def test_in_the_list(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})
    await through_all(app, ana, mateo, "/tasks?show=teams&team=1", ("task-1-row",))


@pytest.mark.parametrize("act_path", ["completion", "removal", "restoration", "acceptance"])
async def test_ways_back(app: Starlette, ana: Client, mateo: Client, task: str, act_path: str) -> None:
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
                return await mateo.put(f"{task}/handover/acceptance")
            case "restoration":
                return await ana.delete(f"{task}/removal")
        return await ana.delete(task)

    is_gone = act_path in ("removal", "restoration")
    regions, page = (RECORD, "/contacts/1") if is_gone else (PAGE, task)
    await assert_live_in_both_languages(app, mateo, page, act, regions=regions)


async def test_a_new_task_reaches_record_list_and_badge(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:

    async def give(title: str) -> httpx.Response:
        return await ana.post("/tasks", data={"title": title, "about": lucia, "assignee": "2", "due": "2026-01-02"})

    await assert_live_in_both_languages(app, mateo, "/contacts/1", lambda: give("One"), regions=RECORD)
    regions = ("tasks", "nav", "tabbar")
    for screen in await assert_live_in_both_languages(app, mateo, "/tasks", lambda: give("Two"), regions=regions):
        assert "Two" in screen.page.text()


async def test_a_hand_over_appears_as_a_card(app: Starlette, ana: Client, mateo: Client, task: str) -> None:

    async def act() -> httpx.Response:
        return await ana.put(f"{task}/handover", data={"to": "user:2", "comment": "Client signs today"})

    for screen in await assert_live_in_both_languages(app, mateo, "/tasks", act, regions=("handed", "nav")):
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
    app: Starlette, ana: Client, mateo: Client, task: str
) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})
    for record, name in (("1", "Lucía Ferrer Gil"), ("2", "Hoteles Alba")):
        for page, region in (("/tasks?show=teams&team=1", "task-1-row"), (task, "task-1-about")):

            async def act(record: str = record, name: str = f"{name} {len(page)}") -> httpx.Response:
                return await ana.put(f"/contacts/{record}/facts/name", data={"value": name, "seen": "99"})

            for screen in await assert_live_in_both_languages(app, mateo, page, act, regions=(region,)):
                assert name in screen.page.find(region).text()


async def test_a_closed_company_in_rows(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await ana.put(f"{task}/assignee", data={"team": "1", "assignee": ""})

    async def act() -> httpx.Response:
        return await ana.put("/contacts/2/restriction", data={"who": ["user:1"]})

    for page, region in (("/tasks?show=teams&team=1", "task-1-row"), (task, "task-1-about")):
        for screen in await assert_live_in_both_languages(app, mateo, page, act, regions=(region,)):
            assert "Almadraba" not in screen.page.find(region).text()
        await ana.put("/contacts/2/restriction", data={})
        await app.state.relay.drain()


async def test_lines_follow_a_tasks_name(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    """Older lines of the stream and of the task's own history name it as it is called now, or strike it through."""
    await ana.put(f"{task}/completion")
    await ana.delete(f"{task}/completion")

    async def act() -> httpx.Response:
        return await ana.put(task, data={"field": "title", "value": "Collect January", "seen": "99"})

    async def remove() -> httpx.Response:
        return await ana.delete(task)

    for page, region in (("/contacts/1", "timeline-contact-1"), (task, "task-1-lines")):
        for screen in await assert_live_in_both_languages(app, mateo, page, act, regions=(region,)):
            assert screen.page.find(region).text().count("Collect January") >= 4
        await ana.put(task, data={"field": "title", "value": "Confirm January instalment", "seen": "99"})
        await app.state.relay.drain()
    await assert_live_in_both_languages(app, mateo, "/contacts/1", remove, regions=("timeline-contact-1",))
