"""A hand-over from one department to another, the checklist's lines and the board's lane, as resources of a task."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.identity.queries import list_people, list_teams
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.live import partials
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast
from server.tasks import actions, checklist
from server.tasks.access import get_task
from server.tasks.models import Task
from server.tasks.places import act_patches, page_patches


async def handover_form(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    people, teams = await list_people(tx, who), await list_teams(tx, who)
    return render("tasks/_handover.html", task=task, people=people, teams=teams)


async def hand_over(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    kind, _colon, number = field(request.state.form, "to", 40).partition(":")
    if kind not in ("user", "team"):
        raise Invalid(to=_("Choose a person or a team"))
    to = {"user_id" if kind == "user" else "team_id": to_id(number)}
    await actions.hand_over_task(tx, who, task, **to, comment=field(request.state.form, "comment", 1000))
    return HTMLResponse(await _parts(tx, who, task))


async def take(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "take")
    await actions.take_task(tx, who, task)
    return await _answer_offer(tx, who, task, _("It is yours now"))


async def give_back(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "give_back")
    await actions.give_back_task(tx, who, task, field(request.state.form, "comment", 1000))
    return await _answer_offer(tx, who, task, _("Given back"))


async def _answer_offer(tx: Tx, who: Principal, task: Task, said: str) -> Response:
    """The card leaves the tasks page at once."""
    gone = f'<hx-partial hx-target="#task-{task.id}-offer" hx-swap="delete"></hx-partial>'
    return toast(HTMLResponse(await _parts(tx, who, task) + gone), said)


async def _parts(tx: Tx, who: Principal, task: Task) -> str:
    await tx.flush()
    return partials(await act_patches(tx, who, task))


async def add_item(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    await checklist.add_item(tx, who, task, field(request.state.form, "text", 100_000))
    return HTMLResponse(partials(page_patches(task, "checklist")), 201)


async def change_item(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    form, item_id = request.state.form, request.path_params["item"]
    if "text" in form:
        await checklist.reword_item(tx, who, task, item_id, field(form, "text", 100_000))
    if "done" in form:
        await checklist.tick_item(tx, who, task, item_id, form.getlist("done")[-1] == "1")
    return partials(page_patches(task, "checklist"))


async def remove_item(request: Request, tx: Tx, who: Principal) -> Answer:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    await checklist.remove_item(tx, who, task, request.path_params["item"])
    return partials(page_patches(task, "checklist"))


async def place(request: Request, tx: Tx, who: Principal) -> Answer:
    """A tile that was dragged, or moved by key, to another lane of the board."""
    task = await get_task(tx, who, request.path_params["id"], "edit")
    before = urlencode({"due": task.due, "done": "1" if task.done_at else ""})
    await actions.place_task(tx, who, task, field(request.state.form, "lane", 20))
    answer = HTMLResponse(await _parts(tx, who, task))
    return toast(answer, _("Moved: %(task)s") % {"task": task.title}, ("DELETE", f"{task.url}/lane?{before}"))


async def put_back(request: Request, tx: Tx, who: Principal) -> Answer:
    """Undo of the above: the address says how it was."""
    task = await get_task(tx, who, request.path_params["id"], "edit")
    await (actions.finish_task if request.query_params.get("done") else actions.reopen_task)(tx, who, task)
    await actions.change_task(tx, who, task, "due", request.query_params.get("due", "")[:40])
    return HTMLResponse(await _parts(tx, who, task))


routes = [
    route("PUT", "/tasks/{id:int}/lane", place),
    route("DELETE", "/tasks/{id:int}/lane", put_back),
    route("GET", "/tasks/{id:int}/handover", handover_form),
    route("PUT", "/tasks/{id:int}/handover", hand_over),
    route("DELETE", "/tasks/{id:int}/handover", give_back),
    route("PUT", "/tasks/{id:int}/handover/acceptance", take),
    route("POST", "/tasks/{id:int}/checklist", add_item),
    route("PUT", "/tasks/{id:int}/checklist/{item:int}", change_item),
    route("DELETE", "/tasks/{id:int}/checklist/{item:int}", remove_item),
]
