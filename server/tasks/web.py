"""The tasks page, a task's own page, and what one does with a task."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.contacts.access import get_record
from server.contacts.queries import names_of as records_of
from server.identity.queries import list_people, list_teams, people_by_id
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.live import partials
from server.kit.pages import render
from server.kit.text import _, ngettext
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast
from server.tasks import actions
from server.tasks.access import get_task, may
from server.tasks.forms import TaskDraft, TaskQuery, Today, parse_lines, parse_query, query_of, zone_of
from server.tasks.models import Task
from server.tasks.places import act_patches, page_patches, record_patches
from server.tasks.queries import (
    GROUPS,
    count_tasks,
    done_lately,
    history_of,
    list_handed,
    list_lanes,
    list_page,
    names_in,
    names_of,
    tasks_of,
)

FIELDS = ("title", "notes", "assignee", "due", "priority")


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    topic = f"tasks:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    inputs = await _list_inputs(tx, who, parse_query(request.query_params))
    topics = {topic: heads[topic]}
    if (paging := inputs["paging"]) and paging.page > paging.pages:
        return RedirectResponse(inputs["query"].url(page=paging.pages), 303)
    if is_htmx(request):
        return render("tasks/_tasks.html", topics=topics, **inputs)
    return await page(request, tx, who, "tasks/index.html", heads=heads, topics=topics, **inputs)


async def _list_inputs(tx: Tx, who: Principal, query: TaskQuery) -> dict[str, Any]:
    today = Today.of(who.timezone)
    counts = await count_tasks(tx, who, query, today)
    handed = await list_handed(tx, who)
    tasks, paging = ([], None) if query.board else await list_page(tx, who, query, counts.open)
    lanes = await list_lanes(tx, who, query, today) if query.board else {}
    is_last = paging is None or paging.page >= paging.pages
    done = await done_lately(tx, who, query, today) if is_last else []
    groups: dict[str, list[Task]] = {name: [] for name in GROUPS} | {"done": done}
    for task in tasks:
        groups[today.group(task.due_on, task.due_at)].append(task)
    shown = [*tasks, *handed, *done, *(task for lane in lanes.values() for task in lane)]
    return {
        "query": query,
        "counts": counts,
        "handed": handed,
        "groups": groups,
        "lanes": lanes | {"done": done},
        "paging": paging,
        "records": await records_of(tx, who, {task.about for task in shown}),
        "teams": await list_teams(tx, who) if query.show == "teams" else [],
    }


async def handed(request: Request, tx: Tx, who: Principal) -> Answer:
    """The blue cards, fetched again when one comes or goes."""
    waiting = await list_handed(tx, who)
    records = await records_of(tx, who, {task.about for task in waiting})
    return render("tasks/_offers.html", handed=waiting, records=records)


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    task_id = request.path_params["id"]
    topic = f"task:{task_id}"
    heads = await page_heads(tx, who, topic)
    task = await get_task(tx, who, task_id)
    rows = await history_of(tx, task)
    people = await people_by_id(tx, {task.creator_id, *(row.actor_id for row in rows)})
    people_in, teams_in = names_in(rows)
    names = await names_of(tx, people_in, teams_in)
    context = {"task": task, "people": names.people, "teams": names.teams}
    first = {id: person.name.split(" ")[0] for id, person in people.items()}
    return await page(
        request,
        tx,
        who,
        "tasks/show.html",
        heads=heads,
        topics={topic: heads[topic]},
        task=task,
        record=(await records_of(tx, who, [task.about])).get(task.about or ""),
        creator=people.get(task.creator_id or 0),
        history=[(row, first.get(row.actor_id or 0, ""), context) for row in rows],
        may_delete=may(who, "delete", task),
    )


async def new(request: Request, tx: Tx, who: Principal) -> Answer:
    about = request.query_params.get("about")
    return render(
        "tasks/_new.html",
        record=await get_record(tx, who, about) if about else None,
        at=request.query_params.get("at", "")[:500],
        people=await list_people(tx, who),
        teams=await list_teams(tx, who),
        mine=who.user_id,
    )


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    """The answer is the list itself on the tasks page, else the parts of a record's page."""
    form = request.state.form
    draft = TaskDraft(
        title=field(form, "title"),
        about=field(form, "about", 60) or None,
        assignee_id=who.user_id if field(form, "assignee") == "me" else _number(form, "assignee"),
        team_id=_number(form, "team"),
        due=_due(form, "due"),
        priority=field(form, "priority") or "normal",
        notes=field(form, "notes", 100_000),
    )
    task = await actions.create_task(tx, who, draft)
    if not is_htmx(request):
        return RedirectResponse(task.url, 303)
    if request.headers.get("hx-target", "").endswith("tasks"):
        topic = f"tasks:{who.workspace_id}"
        heads = await page_heads(tx, who, topic)
        inputs = await _list_inputs(tx, who, query_of(field(form, "at", 500)))
        answer = HTMLResponse(render("tasks/_tasks.html", topics={topic: heads[topic]}, **inputs), 201)
    else:
        answer = HTMLResponse(partials(await record_patches(tx, who, task.about)) if task.about else "", 201)
    answer.headers["Location"] = task.url
    return toast(answer, _("Task added"), ("DELETE", task.url)) if may(who, "delete", task) else answer


async def create_lines(request: Request, tx: Tx, who: Principal) -> Answer:
    """Of the notes beside a call or a record: each line a task."""
    form = request.state.form
    titles = parse_lines(field(form, "lines", 20_000))
    made = await actions.create_from_lines(tx, who, field(form, "about", 60), titles)
    text = ngettext("%(num)s task made", "%(num)s tasks made", len(made)) % {"num": len(made)}
    undo = ("DELETE", made[0].url) if len(made) == 1 and may(who, "delete", made[0]) else None
    return toast(Response(status_code=201 if made else 200), text if made else _("They are tasks already"), undo)


def _number(form: Any, name: str) -> int | None:
    text = field(form, name, 40)
    return to_id(text) if text else None


def _due(form: Any, name: str) -> str:
    day, time = field(form, name, 40), field(form, "time", 10)
    return f"{day}T{time}" if day and time else day


async def _answer(tx: Tx, who: Principal, task: Task, *parts: str) -> Response:
    await tx.flush()
    return HTMLResponse(partials(await act_patches(tx, who, task, *parts)))


async def show_field(request: Request, tx: Tx, who: Principal) -> Answer:
    task, name = await get_task(tx, who, request.path_params["id"]), _field_name(request)
    if name in ("title", "notes"):
        return render("tasks/_head.html" if name == "title" else "tasks/_notes.html", task=task, by=None)
    return render("tasks/_fact.html", task=task, field=name, by=None)


def _field_name(request: Request) -> str:
    name: str = request.path_params["field"]
    if name not in FIELDS:
        raise NotFound(_("No such field"))
    return name


async def edit_field(request: Request, tx: Tx, who: Principal) -> Answer:
    task, name = await get_task(tx, who, request.path_params["id"], "edit"), _field_name(request)
    if name in ("title", "notes"):
        return render(f"tasks/_{name}_form.html", task=task)
    local = task.due_at.astimezone(zone_of(who.timezone)) if task.due_at else None
    day = local.date() if local else task.due_on
    return render(
        "tasks/_fact_form.html",
        task=task,
        field=name,
        people=await list_people(tx, who) if name == "assignee" else [],
        teams=await list_teams(tx, who) if name == "assignee" else [],
        day=day.isoformat() if day else "",
        time=local.strftime("%H:%M") if local else "",
    )


def _seen(form: Any) -> int | None:
    seen = field(form, "seen", 12)
    if seen and not (seen.isascii() and seen.isdigit()):
        raise Invalid(seen=_("Not a version"))
    return int(seen) if seen else None


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    """Saves one field. The form carries the version it was opened on."""
    task = await get_task(tx, who, request.path_params["id"], "edit")
    form = request.state.form
    name, value = field(form, "field", 40), field(form, "value", 100_000)
    await actions.change_task(tx, who, task, name, _due(form, "value") if name == "due" else value, _seen(form))
    if name == "title":
        return await _answer(tx, who, task)
    if name == "notes":
        return render("tasks/_notes.html", task=task, by=who.user_id)
    return render("tasks/_fact.html", task=task, field=name, by=who.user_id) + partials(page_patches(task, "head"))


async def assign(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    form = request.state.form
    await actions.assign_task(tx, who, task, _number(form, "assignee"), _number(form, "team"), _seen(form))
    shown = render("tasks/_fact.html", task=task, field="assignee", by=who.user_id)
    return shown + partials(page_patches(task, "handed"))


async def finish(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    await actions.finish_task(tx, who, task)
    answer = await _answer(tx, who, task)
    return toast(answer, _("Done: %(task)s") % {"task": task.title}, ("DELETE", f"{task.url}/completion"))


async def reopen(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    return await _answer(tx, who, await actions.reopen_task(tx, who, task))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "delete")
    await actions.remove_task(tx, who, task)
    await tx.flush()
    gone = f'<hx-partial hx-target="#task-{task.id}-row" hx-swap="delete"></hx-partial>'
    parts = partials(await record_patches(tx, who, task.about)) if task.about else ""
    answer = toast(HTMLResponse(gone + parts), _("Task removed"), ("DELETE", f"{task.url}/removal"))
    if request.query_params.get("page"):
        answer.headers["HX-Redirect"] = "/tasks"
    return answer


async def restore(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "delete", removed=True)
    return await _answer(tx, who, await actions.restore_task(tx, who, task))


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("tasks/_panel.html", about=record.about, heads=heads, **await load_panel(tx, who, record.about))


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    tasks, total = await tasks_of(tx, who, about)
    return {"tasks": tasks, "total": total}


routes = [
    route("GET", "/tasks", index),
    route("POST", "/tasks", create),
    route("POST", "/tasks/lines", create_lines),
    route("GET", "/tasks/new", new),
    route("GET", "/tasks/handed", handed),
    route("GET", "/panels/tasks", panel),
    route("GET", "/tasks/{id:int}", show),
    route("PUT", "/tasks/{id:int}", change),
    route("DELETE", "/tasks/{id:int}", remove),
    route("DELETE", "/tasks/{id:int}/removal", restore),
    route("GET", "/tasks/{id:int}/fields/{field}", show_field),
    route("GET", "/tasks/{id:int}/fields/{field}/edit", edit_field),
    route("PUT", "/tasks/{id:int}/assignee", assign),
    route("PUT", "/tasks/{id:int}/completion", finish),
    route("DELETE", "/tasks/{id:int}/completion", reopen),
]
