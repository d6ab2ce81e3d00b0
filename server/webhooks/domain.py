"""Webhooks: programs elsewhere are told what happens, and other messengers write in and are answered."""

from server.kit.domain import Domain, SettingsPage
from server.webhooks import jobs, live, public, reactions, settings  # noqa: F401  the others register themselves
from server.webhooks.access import may_hear_webhooks

domain = Domain(
    name="webhooks",
    routes=[*settings.routes, *public.routes],
    topics={"webhooks": may_hear_webhooks},
    settings=[SettingsPage("Webhooks", "/settings/webhooks", "bolt", 60, "admin")],
)
