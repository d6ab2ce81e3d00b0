"""Cases: what customers ask for, answered once, with the team's notes beside the thread and never in it."""

from server.cases import api, jobs, live, reactions, web  # noqa: F401  jobs, live and reactions register themselves
from server.cases.access import may_hear_case, may_hear_cases
from server.cases.actions import answer_case, assign_case, note_case, open_case, set_status
from server.cases.queries import count_waiting
from server.kit.domain import Domain, Nav, Panel

domain = Domain(
    name="cases",
    routes=[*web.routes, *api.routes],
    topics={"case": may_hear_case, "cases": may_hear_cases},
    verbs={
        "case.open": open_case,
        "case.answer": answer_case,
        "case.note": note_case,
        "case.assign": assign_case,
        "case.set_status": set_status,
    },
    panels=[
        Panel(
            ("contact",),
            "facts",
            "cases",
            "cases/_panel.html",
            web.load_panel,
            "/panels/cases?about={about}",
            after=True,
        ),
    ],
    nav=[Nav("Cases", "/cases", "lifebuoy", 25, badge=count_waiting, on_phone=False)],
)
