"""Notices: the bell of each person."""

from server.kit.domain import Domain, Nav
from server.notices import jobs, live, reactions, web  # noqa: F401  all but web register themselves
from server.notices.access import unread_notices

domain = Domain(
    name="notices",
    routes=web.routes,
    nav=[Nav("Notices", "/notices", "bell", 10, badge=unread_notices)],
)
