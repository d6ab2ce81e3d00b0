"""Handlers of chat: the page, rooms, and messages."""

from starlette.routing import BaseRoute

from server.chat.web.messages import routes as messages
from server.chat.web.pages import routes as pages
from server.chat.web.rooms import routes as rooms

routes: list[BaseRoute] = [*pages, *rooms, *messages]
