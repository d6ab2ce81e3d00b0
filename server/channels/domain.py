"""Channels: the addresses at which customers reach the house, and the letters that come and go there."""

from server.channels import live, settings, web  # noqa: F401  live registers itself
from server.kit.domain import Domain, SettingsPage

domain = Domain(
    name="channels",
    routes=[*settings.routes, *web.routes],
    settings=[SettingsPage("Channels", "/settings/channels", "inbox", 45, "admin")],
)
