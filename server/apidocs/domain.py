"""The API as a whole: its description, its page, and the stream of facts."""

from server.apidocs import api, web
from server.kit.domain import Domain

domain = Domain(name="apidocs", routes=[*web.routes, *api.routes])
