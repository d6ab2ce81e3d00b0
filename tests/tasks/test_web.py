"""Pages and acts over HTTP: statuses, fragments, errors, rollback, hostile text, and how many statements they take."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert
from starlette.applications import Starlette

from server.kit.clock import frozen, now
from server.tasks.forms import Today
from server.tasks.models import Task
from tests.make import counted
from tests.tasks.conftest import Client, Facts, join

HX = {"hx-request": "true"}
XSS = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


async def test_the_page_groups_by_due_date(ana: Client, lucia: str) -> None:
    today = now().date()
    for title, due in [("Behind", today - timedelta(days=3)), ("Soon", today + timedelta(days=9)), ("Whenever", None)]:
        data = {"title": title, "assignee": "me", "about": lucia, "due": due.isoformat() if due else ""}
        assert (await ana.post("/tasks", data=data)).status_code == 303
    page = (await ana.get("/tasks")).text
    assert (
        page.index("Overdue")
        < page.index("Behind")
        < page.index("Next days")
        < page.index("Soon")
        < page.index("No date")
    )
    assert "1 overdue" in page
    assert "Lucía Ferrer" in page
    assert "Hoteles Almadraba" in page
    board = (await ana.get("/tasks?board=1")).text
    assert 'class="board"' in board
    assert "Whenever" in board
    assert "Behind" not in (await ana.get("/tasks?show=given")).text


async def test_a_new_task_in_the_list_and_on_the_record(ana: Client, lucia: str, facts: Facts) -> None:
    answer = await ana.post(
        "/tasks", data={"title": "Call", "assignee": "me", "at": "/tasks"}, headers=HX | {"hx-target": "div#tasks"}
    )
    assert answer.status_code == 201
    assert 'id="tasks"' in answer.text
    assert "Call" in answer.text
    assert '"DELETE"' in answer.headers["x-toast"]
    answer = await ana.post("/tasks", data={"title": "Visit", "about": lucia}, headers=HX)
    assert answer.status_code == 201
    assert "hx-partial" in answer.text
    assert "Visit" in answer.text
    assert "Visit" in (await ana.get(f"/contacts/{lucia[8:]}")).text
    assert (await ana.get(f"/panels/tasks?about={lucia}")).status_code == 200


async def test_finish_and_reopen(ana: Client, task: str, facts: Facts) -> None:
    answer = await ana.put(f"{task}/completion", headers=HX)
    assert answer.status_code == 200
    assert 'id="task-1-row"' in answer.text
    assert "done" in answer.text
    assert (await ana.put(f"{task}/completion")).status_code == 200
    assert "Done lately" in (await ana.get("/tasks")).text
    assert (await ana.delete(f"{task}/completion")).status_code == 200
    assert [name for name, _ in await facts()] == ["task.created", "task.done", "task.reopened"]


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("POST", "/tasks", {"title": ""}, 422),
        ("POST", "/tasks", {"title": "x", "about": "contact:99"}, 404),
        ("POST", "/tasks", {"title": "x", "assignee": "abc"}, 422),
        ("GET", "/tasks/99", None, 404),
        ("PUT", "/tasks/1", {"field": "id", "value": "2"}, 422),
        ("PUT", "/tasks/1", {"field": "due", "value": "soon"}, 422),
        ("PUT", "/tasks/1", {"field": "title", "value": "x", "seen": "-1"}, 422),
        ("PUT", "/tasks/1/assignee", {"assignee": "99"}, 422),
        ("PUT", "/tasks/1/handover", {"to": "nobody"}, 422),
        ("PUT", "/tasks/1/handover/acceptance", {}, 403),
        ("PUT", "/tasks/1/checklist/7", {"done": "1"}, 404),
        ("POST", "/tasks/1/checklist", {"text": ""}, 422),
        ("GET", "/tasks/1/fields/creator/edit", None, 404),
        ("GET", "/panels/tasks?about=task:1", None, 404),
        ("DELETE", "/tasks/1/removal", None, 404),
    ],
)
async def test_errors_leave_no_fact(
    ana: Client, task: str, facts: Facts, method: str, path: str, data, status: int
) -> None:
    answer = await ana.request(method, path, data=data)
    assert answer.status_code == status, answer.text
    assert len(await facts()) == 1


async def test_a_conflict_tells_both(ana: Client, task: str) -> None:
    await ana.put(task, data={"field": "title", "value": "Theirs", "seen": "0"})
    answer = await ana.put(task, data={"field": "title", "value": "Mine", "seen": "0"}, headers=HX)
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert (
        await ana.put(task, data={"field": "due", "value": "2026-12-02", "time": "10:00", "seen": "0"})
    ).status_code == 200


async def test_members_remove_their_own(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    assert (await mateo.delete(task)).status_code == 403
    answer = await ana.delete(task, headers=HX)
    assert "removal" in answer.headers["x-toast"]
    assert (await ana.get(task)).status_code == 404
    assert (await ana.delete(f"{task}/removal")).status_code == 200
    assert (await ana.get(task)).status_code == 200


async def test_handing_over_between_departments(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await join(app, 2, 2)
    assert "Hand this task over" in (await ana.get(f"{task}/handover")).text
    answer = await ana.put(f"{task}/handover", data={"to": "team:2", "comment": "Client signs today"}, headers=HX)
    assert answer.status_code == 200
    page = (await mateo.get("/tasks")).text
    assert "hands you" in page
    assert "Client signs today" in page
    assert "1 handed to you" in page
    assert 'aria-label="1 new"' in page
    assert "hands you" not in (await ana.get("/tasks")).text
    assert (await ana.put(f"{task}/handover/acceptance")).status_code == 403
    answer = await mateo.put(f"{task}/handover/acceptance", headers=HX)
    assert "yours now" in answer.headers["x-toast"]
    assert 'hx-swap="delete"' in answer.text
    assert "January" in (await mateo.get("/tasks")).text
    assert "January" in (await ana.get("/tasks?show=given")).text


async def test_hostile_text_is_only_text(ana: Client, lucia: str) -> None:
    answer = await ana.post(
        "/tasks", data={"title": XSS, "notes": f"{XSS} [x](javascript:alert(1))", "about": lucia, "assignee": "me"}
    )
    url = answer.headers["location"]
    await ana.post(f"{url}/checklist", data={"text": XSS})
    await ana.put(f"{url}/handover", data={"to": "team:1", "comment": XSS})
    for page in (
        "/tasks",
        "/tasks?board=1",
        url,
        f"/contacts/{lucia[8:]}",
        f"{url}/fields/title/edit",
        f"{url}/fields/notes/edit",
    ):
        text = (await ana.get(page)).text
        assert "<img src=x" not in text, page
        assert 'href="javascript:' not in text, page
        assert "49" not in re.findall(r"onerror.{40}", text)[0], page
        assert "&lt;img" in text, page


async def test_a_stranger_speaks_no_spanish_but_the_page_does(ana: Client, app: Starlette, task: str) -> None:
    from tests.make import speak

    await speak(app, 1, "es")
    page = (await ana.get("/tasks")).text
    for english in ("My tasks", "Given away", "This week", "Overdue", "New task"):
        assert english not in page
    assert "Mis tareas" in page
    page = (await ana.get(task)).text
    for english in ("History", "Checklist", "Hand over", "Until", "Nobody yet"):
        assert english not in page


async def test_what_somebody_said_stands_between_the_marks_of_the_language(
    ana: Client, app: Starlette, task: str
) -> None:
    from tests.make import speak

    await ana.put(f"{task}/handover", data={"to": "team:2", "comment": "Firma hoy <ya>, 5 %"}, headers=HX)
    assert "“Firma hoy &lt;ya&gt;, 5 %”" in (await ana.get(task)).text
    await speak(app, 1, "es")
    page = (await ana.get(task)).text
    assert page.count("«Firma hoy &lt;ya&gt;, 5 %»") == 2 and "“" not in page


@pytest.fixture
async def many(app: Starlette, ana: Client, lucia: str) -> None:
    day = date(2026, 1, 1)
    async with app.state.database.transaction() as tx:
        rows = [
            {"workspace_id": 1, "title": f"Task {n}", "notes": "", "about": lucia if n % 2 else None}
            | {"due_on": day + timedelta(days=n % 700), "priority": "normal", "checklist": [], "creator_id": 1}
            | {
                "assignee_id": 1,
                "team_id": 1,
                "handed_note": "",
                "version": 1,
                "field_versions": {},
                "created_at": now(),
            }
            for n in range(400)
        ]
        await tx.execute(insert(Task), rows)


@pytest.mark.parametrize(
    "url", ["/tasks", "/tasks?page=3", "/tasks?board=1", "/tasks?show=teams", "/tasks?q=task&priority=normal"]
)
async def test_a_page_takes_few_statements(app: Starlette, ana: Client, many: None, url: str) -> None:
    with counted(app) as statements:
        assert (await ana.get(url)).status_code == 200
    assert len(statements) <= 15, "\n".join(statements)


async def test_pages_do_not_overlap(ana: Client, many: None) -> None:
    first, second = (await ana.get("/tasks")).text, (await ana.get("/tasks?page=2")).text
    assert "1 to 50 of 400" in first
    assert "51 to 100 of 400" in second
    ids = [set(re.findall(r'id="task-(\d+)-row"', page)) for page in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 50
    assert not ids[0] & ids[1]


async def test_a_page_after_the_last_leads_to_the_last(ana: Client, many: None) -> None:
    answer = await ana.get("/tasks?page=9999")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?page=8")
    assert (await ana.get("/tasks?q=zzz&page=9999")).headers["location"] == "/tasks?q=zzz"


async def test_a_task_is_put_in_another_lane_and_back(app: Starlette, ana: Client) -> None:
    made = await ana.post("/tasks", data={"title": "Call Lucía", "assignee": "me", "due": "2020-01-02"})
    url = made.headers["location"]
    moved = await ana.put(f"{url}/lane", data={"lane": "today"})
    undo = json.loads(moved.headers["x-toast"])["undo"]
    today = Today.of("Europe/Madrid").day
    assert f'datetime="{today}"' in (await ana.get(url)).text
    await ana.put(f"{url}/lane", data={"lane": "later"})
    assert f'datetime="{today + timedelta(days=1)}"' in (await ana.get(url)).text
    await ana.put(f"{url}/lane", data={"lane": "done"})
    assert "hx-delete" in (await ana.get(url)).text.partition("<h1")[0]
    assert (await ana.request(undo["method"], undo["url"])).status_code == 200
    page = (await ana.get(url)).text
    assert 'datetime="2020-01-02"' in page
    assert "hx-put" in page.partition("<h1")[0]


@pytest.mark.parametrize(
    ("lane", "time", "due"),
    [
        ("later", "09:30", "2026-12-03T08:30:00"),
        ("today", "18:00", "2026-12-02T17:00:00"),
        ("today", "09:30", '2026-12-02"'),  # over by noon: it would stand under overdue
    ],
)
async def test_a_task_that_is_moved_keeps_its_time(ana: Client, lane: str, time: str, due: str) -> None:
    with frozen(datetime(2026, 12, 2, 11, tzinfo=UTC)):
        made = await ana.post("/tasks", data={"title": "Call Lucía", "assignee": "me", "due": f"2020-01-02T{time}"})
        await ana.put(f"{made.headers['location']}/lane", data={"lane": lane})
        assert f'datetime="{due}' in (await ana.get(made.headers["location"])).text


async def test_what_is_later_already_keeps_its_day(ana: Client) -> None:
    url = (await ana.post("/tasks", data={"title": "Far away", "assignee": "me", "due": "2999-01-02"})).headers[
        "location"
    ]
    await ana.put(f"{url}/lane", data={"lane": "later"})
    assert 'datetime="2999-01-02"' in (await ana.get(url)).text


@pytest.mark.parametrize("lane", ["overdue", "", "none"])
async def test_nobody_makes_a_task_late_on_purpose(ana: Client, lane: str) -> None:
    url = (await ana.post("/tasks", data={"title": "Call", "assignee": "me"})).headers["location"]
    assert (await ana.put(f"{url}/lane", data={"lane": lane})).status_code == 422


async def test_lines_of_notes_become_tasks(ana: Client, mateo: Client, lucia: str) -> None:
    """Each once, without its marks; what is done and what is a task already is left out."""
    lines = "- [ ] Training for night staff\n* [x] Paid\n2. Second instalment\n☐ Training for night staff\n☑ Sent\n\n"
    answer = await ana.post("/tasks/lines", data={"about": lucia, "lines": lines})
    assert answer.status_code == 201 and "2 tasks made" in answer.headers["x-toast"]
    page = (await mateo.get(f"/panels/tasks?about={lucia}")).text
    assert "Training for night staff" in page and "Second instalment" in page and "Paid" not in page
    again = await mateo.post("/tasks/lines", data={"about": lucia, "lines": lines + "One more"})
    assert "1 task made" in again.headers["x-toast"] and '"method": "DELETE"' in again.headers["x-toast"]
    for wrong in ("", "- [x] Paid", "\n".join(map(str, range(40)))):
        assert (await ana.post("/tasks/lines", data={"about": lucia, "lines": wrong})).status_code == 422, wrong
    assert (await ana.post("/tasks/lines", data={"about": "contact:99", "lines": "x"})).status_code == 404
