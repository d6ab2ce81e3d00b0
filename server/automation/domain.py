"""Automation: rules for what comes in, who gets it, and the care of cases that lie still."""

from server.automation import api, jobs, letters, live, reactions, routes, settings  # noqa: F401  they register themselves
from server.kit.domain import Domain, SettingsPage

domain = Domain(
    name="automation",
    routes=[*settings.routes, *api.routes],
    settings=[SettingsPage("Automation", "/settings/automation", "route", 48, "admin")],
)
