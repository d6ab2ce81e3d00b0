"""Promises (SLA): by when customers are answered and helped, counted in open hours."""

from server.kit.domain import Domain, Panel, SettingsPage
from server.sla import jobs, live, reactions, settings  # noqa: F401  they register themselves
from server.sla.queries import promises_of

domain = Domain(
    name="sla",
    routes=settings.routes,
    panels=[
        Panel(
            ("case",),
            "facts",
            "promises",
            "sla/_promises.html",
            promises_of,
            "/panels/promises?about={about}",
            order=10,
        )
    ],
    settings=[SettingsPage("Promises (SLA)", "/settings/sla", "hourglass", 47, "admin")],
)
