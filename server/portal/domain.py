"""The customers' side: the page of one's own case, forms and chats on any site; above cases and channels."""

from server.kit.domain import Domain, Panel, SettingsPage
from server.portal import chat, form, jobs, live, page, reactions, settings, web  # noqa: F401  some register themselves
from server.portal.web import load_panel

domain = Domain(
    name="portal",
    routes=[*page.routes, *form.routes, *chat.routes, *web.routes, *settings.routes],
    settings=[SettingsPage("Forms and chats", "/settings/portal", "world", 46, "admin")],
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
