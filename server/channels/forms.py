"""What admins type about a channel, parsed."""

from dataclasses import dataclass

from server.identity.forms import parse_email
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean

NAME_LENGTH = 80
SIGNATURE_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    address: str
    name: str = ""
    language: str = "en"
    team_id: int | None = None
    signature: str = ""


def parse_address(raw: object) -> str:
    return parse_email(raw if isinstance(raw, str) else "")


def parse_name(raw: object, address: str) -> str:
    """What customers read as the sender; without one the part before the @."""
    return " ".join(clean(raw, NAME_LENGTH).split()) or address.partition("@")[0]


def parse_language(raw: object) -> str:
    if raw not in LANGUAGES:
        raise Invalid(language=_("No such language"))
    return str(raw)
