"""The customers' side: the page of one's own case, forms and chats on any site; above cases and channels."""

from server.kit.domain import Domain, Panel
from server.portal import jobs, live, page, reactions, web  # noqa: F401  jobs, live and reactions register themselves
from server.portal.web import load_panel

domain = Domain(
    name="portal",
    routes=[*page.routes, *web.routes],
    panels=[
        Panel(
            ("case",),
            "facts",
            "case-customer",
            "portal/_panel.html",
            load_panel,
            "/cases/{id}/customer",
            topics=lambda about: [f"{about}:team"],
            after=True,
        )
    ],
)
