"""Identity: people, workspaces, departments and teams, roles, and the ways in."""

from server.identity import live, web  # noqa: F401  live registers its renderers
from server.identity.access import may_hear_user, may_hear_workspace
from server.kit.domain import Domain

domain = Domain(
    name="identity",
    routes=web.routes,
    topics={"user": may_hear_user, "workspace": may_hear_workspace},
)
