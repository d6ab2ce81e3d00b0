"""The announcer: a public line that speaks, knows its callers before anybody answers, and takes their messages."""

from server.announcer import api, jobs, live, public, reactions, settings, web  # noqa: F401  some register themselves
from server.kit.domain import Domain, Panel, SettingsPage

CALLER, NUMBER = "/calls/{id}/caller", "/contacts/{id}/pin"

domain = Domain(
    name="announcer",
    routes=[*web.routes, *settings.routes, *public.routes, *api.routes],
    panels=[
        Panel(("call",), "ring", "caller", "announcer/_facts.html", web.load_caller, CALLER),
        Panel(("call",), "room", "caller", "announcer/_caller.html", web.load_caller, CALLER),
        Panel(("contact",), "facts", "number", "announcer/_panel.html", web.load_number, NUMBER, after=True),
    ],
    settings=[SettingsPage("Announcer", "/settings/announcer", "phone", 55, "admin")],
)
