"""Chat: rooms, direct messages, threads, and the internal discussion of each record."""

from server.chat import api, homes, live, reactions, web  # noqa: F401  live and reactions register themselves
from server.chat.access import may_hear_room
from server.chat.actions import create_room, post_message
from server.chat.queries import unread_badge
from server.chat.web.pages import load_panel
from server.kit.domain import Domain, Nav, Panel

domain = Domain(
    name="chat",
    routes=[*web.routes, *api.routes],
    topics={"room": may_hear_room},
    verbs={"room.create": create_room, "message.post": post_message},
    panels=[
        Panel(
            on=("contact", "company"),
            slot="dock",
            name="discussion",
            template="chat/_discussion.html",
            load=load_panel,
            url="/discussions/{about}",
        )
    ],
    nav=[Nav("Chat", "/chat", "messages", 50, badge=unread_badge)],
)
