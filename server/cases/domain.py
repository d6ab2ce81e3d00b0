"""Cases: what customers ask for, answered once, with the team's notes beside the thread and never in it."""

from server.cases import (
    api,
    composing,
    jobs,  # noqa: F401  registers itself
    letters,
    live,  # noqa: F401  registers itself
    reactions,  # noqa: F401  registers itself
    relations,
    saved,
    settings,
    triage,
    uploads,
    views_api,
    web,
)
from server.cases.access import may_hear_case, may_hear_cases
from server.cases.actions import assign_case, open_case, set_status, tag_case
from server.cases.claims import take_over
from server.cases.joining import merge_cases
from server.cases.queries import count_waiting
from server.cases.replies import answer_case, note_case
from server.kit.domain import Domain, Nav, Panel, SettingsPage

domain = Domain(
    name="cases",
    routes=[
        *saved.routes,
        *triage.routes,
        *web.routes,
        *composing.routes,
        *uploads.routes,
        *letters.routes,
        *relations.routes,
        *settings.routes,
        *api.routes,
        *views_api.routes,
    ],
    topics={"case": may_hear_case, "cases": may_hear_cases},
    verbs={
        "case.open": open_case,
        "case.answer": answer_case,
        "case.note": note_case,
        "case.assign": assign_case,
        "case.set_status": set_status,
        "case.tag": tag_case,
        "case.take_over": take_over,
        "case.merge": merge_cases,
    },
    panels=[
        Panel(
            ("contact",),
            "facts",
            "cases",
            "cases/_panel.html",
            triage.load_panel,
            "/panels/cases?about={about}",
            after=True,
        ),
    ],
    settings=[SettingsPage("Macros", "/settings/macros", "bolt", 46)],
    nav=[Nav("Cases", "/cases", "lifebuoy", 25, badge=count_waiting, on_phone=False)],
)
