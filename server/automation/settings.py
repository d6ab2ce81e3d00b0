"""What happens to cases by itself: /settings/automation, for admins."""

from starlette.requests import Request
from starlette.responses import Response

from server.automation import actions
from server.automation.access import get_rule, must_be_admin
from server.automation.forms import TEXT_LENGTH, RuleDraft
from server.automation.queries import agents_by_id, care_of, list_rules
from server.cases.models import PRIORITIES, TYPES
from server.channels.queries import every_channel
from server.identity.queries import list_people, list_teams
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.text import LANGUAGES, _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast
from server.sla.queries import list_calendars

WHEN = ("channel", "team", "language", "words", "tag", "territory", "calendar", "hours", "events", "brings")
ACTS = ("tags", "type", "priority", "to_team", "method", "skill", "sender")


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    return await settings_page(
        request,
        tx,
        who,
        "automation/settings.html",
        heads=await page_heads(tx, who),
        rules=await list_rules(tx, who),
        agents=await agents_by_id(tx, who),
        people=await list_people(tx, who),
        care=await care_of(tx, who),
        teams=await list_teams(tx, who),
        channels=await every_channel(tx, who),
        calendars=await list_calendars(tx, who),
        types=TYPES[1:],
        priorities=PRIORITIES,
    )


def _rule(request: Request) -> RuleDraft:
    form = request.state.form
    acts = {name.removeprefix("to_"): field(form, name, 1000) for name in ACTS}
    return RuleDraft(
        field(form, "name", 200),
        field(form, "moment", 20),
        {name: field(form, name, 1000) for name in WHEN},
        acts,
        {language: field(form, f"answer_{language}", TEXT_LENGTH) for language in LANGUAGES},
        field(form, "stops", 5) == "1",
        {language: field(form, f"subject_{language}", 300) for language in LANGUAGES},
        {language: field(form, f"text_{language}", TEXT_LENGTH) for language in LANGUAGES},
    )


def _again(status: int = 200) -> Response:
    return Response(status_code=status, headers={"HX-Refresh": "true"})


def _saved() -> Response:
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    await actions.create_rule(tx, who, _rule(request))
    return _again(201)


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.change_rule(tx, who, await get_rule(tx, who, request.path_params["id"]), _rule(request))
    return _saved()


async def move_up(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.move_rule_up(tx, who, await get_rule(tx, who, request.path_params["id"]))
    return _again()


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_rule(tx, who, await get_rule(tx, who, request.path_params["id"]))
    return _again()


async def change_agent(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    form = request.state.form
    is_away = field(form, "is_away", 5) == "1"
    await actions.change_agent(
        tx, who, request.path_params["id"], field(form, "most", 10), field(form, "skills", 1000), is_away
    )
    return _saved()


async def change_care(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    form = request.state.form
    days = {name: field(form, name, 10) for name in ("ask_after", "solve_after", "rate_after", "close_after")}
    asked, rated = (
        {language: field(form, f"{name}_{language}", TEXT_LENGTH) for language in LANGUAGES} for name in ("ask", "rate")
    )
    await actions.change_care(tx, who, days, asked, rated)
    return _saved()


PAGE, RULE = "/settings/automation", "/settings/automation/rules/{id:int}"
routes = [
    route("GET", PAGE, index),
    route("POST", f"{PAGE}/rules", create),
    route("PUT", RULE, change),
    route("PUT", f"{RULE}/place", move_up),
    route("DELETE", RULE, remove),
    route("PUT", f"{PAGE}/people/{{id:int}}", change_agent),
    route("PUT", f"{PAGE}/care", change_care),
]
