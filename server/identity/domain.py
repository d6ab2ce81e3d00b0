"""Identity: people, workspaces, departments and teams, roles, and the ways in."""

from server.identity import api, jobs, live, profile, settings, web  # noqa: F401  jobs and live register themselves
from server.identity.access import may_hear_user, may_hear_workspace
from server.kit.domain import Domain, SettingsPage

domain = Domain(
    name="identity",
    routes=[*web.routes, *profile.routes, *settings.routes, *api.routes],
    topics={"user": may_hear_user, "workspace": may_hear_workspace},
    settings=[
        SettingsPage("Profile", "/settings/profile", "user", 10),
        SettingsPage("People and roles", "/settings/people", "users", 20),
        SettingsPage("Departments and teams", "/settings/teams", "building", 30),
        SettingsPage("Workspace", "/settings/workspace", "settings", 40),
    ],
)
