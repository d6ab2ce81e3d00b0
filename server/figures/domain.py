"""Figures: how the house serves its customers, as tables and files."""

from server.figures import api, live, web  # noqa: F401  live registers itself
from server.kit.domain import Domain, Nav

domain = Domain(
    name="figures",
    routes=[*web.routes, *api.routes],
    nav=[Nav("Figures", "/figures/cases", "chart-bar", 60, on_phone=False)],
)
