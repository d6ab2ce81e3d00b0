"""The verbs of chat. Each changes rows and announces facts; none commits, none knows HTTP."""

from server.chat.actions.calls import change_call_line, meet_in_call, post_call_line, read_call_line
from server.chat.actions.closing import close_room, open_room
from server.chat.actions.messages import (
    edit_message,
    post_message,
    post_to_record,
    react,
    remove_message,
    restore_message,
    unreact,
)
from server.chat.actions.rooms import (
    archive_room,
    change_room,
    create_room,
    invite_to_room,
    join_room,
    keep_draft,
    leave_room,
    mark_read,
    mute_room,
    reopen_room,
)

__all__ = [
    "archive_room",
    "change_call_line",
    "change_room",
    "close_room",
    "create_room",
    "edit_message",
    "invite_to_room",
    "join_room",
    "keep_draft",
    "leave_room",
    "mark_read",
    "meet_in_call",
    "mute_room",
    "open_room",
    "post_call_line",
    "post_message",
    "post_to_record",
    "react",
    "read_call_line",
    "remove_message",
    "reopen_room",
    "restore_message",
    "unreact",
]
