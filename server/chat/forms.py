"""What forms and the API bring, read into drafts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from server.kit.about import to_id
from server.kit.errors import Invalid
from server.kit.text import _
from server.kit.web import field

NAME_LENGTH = 60
TOPIC_LENGTH = 250
BODY_LENGTH = 10_000
DRAFT_LENGTH = 20_000
MENTIONS = 50


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """A room by name, or with kind "direct" a conversation with `user`."""

    name: str = ""
    topic: str = ""
    private: bool = False
    kind: str = "room"
    user: int | None = None


def parse_room(form: FormData | Mapping[str, Any]) -> RoomDraft:
    kind = field(form, "kind", 20) or "room"
    if kind not in ("room", "direct"):
        raise Invalid(kind=_("No such kind of room"))
    return RoomDraft(
        name=field(form, "name", NAME_LENGTH + 10),
        topic=field(form, "topic", TOPIC_LENGTH),
        private=field(form, "private", 5) == "1",
        kind=kind,
        user=to_id(form.get("user")) if kind == "direct" else None,
    )


def parse_mentions(form: FormData) -> list[str]:
    """The people picked while writing; they stand beside the text because two may have one name."""
    return list(dict.fromkeys(str(value)[:40] for value in form.getlist("mention")))[:MENTIONS]


def parse_before(text: str | None) -> int | None:
    """A message number from an address; nonsense is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
