"""Admin: the self-check."""

from server.admin import web
from server.kit.domain import Domain, SettingsPage

domain = Domain(
    name="admin", routes=web.routes, settings=[SettingsPage("Self-check", "/settings/check", "stethoscope", 90)]
)
