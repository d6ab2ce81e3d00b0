"""Search: the command palette and the page of results."""

from server.kit.domain import Domain
from server.search import reactions, web  # noqa: F401  reactions register themselves

domain = Domain(name="search", routes=web.routes)
