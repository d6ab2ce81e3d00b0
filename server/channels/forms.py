"""What admins type about a channel, parsed."""

from dataclasses import dataclass, field

from server.identity.forms import parse_email
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean, one_line

NAME_LENGTH = 80
SIGNATURE_LENGTH = 2000
SECURITIES = ("tls", "starttls", "none")
WAYS = {"in": "incoming", "out": "outgoing"}


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
    return one_line(raw, NAME_LENGTH) or address.partition("@")[0]


def parse_language(raw: object) -> str:
    if raw not in LANGUAGES:
        raise Invalid(language=_("No such language"))
    return str(raw)


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What an account's form holds; an empty password means the one that is known."""

    host: str
    port: str
    security: str = "tls"
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = ""
    history: bool = False  # letters that are there already become cases too


def parse_host(raw: object) -> str:
    host = clean(raw, 253).lower()
    if not host or (any(ch in host for ch in " /@\\:[]") and not host.strip("[]").replace(":", "").isalnum()):
        raise Invalid(host=_("This is no name of a server"))
    return host.strip("[]")


def parse_port(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 0 < int(raw[:6]) < 65536):
        raise Invalid(port=_("A port is a number up to 65535"))
    return int(raw)


def parse_security(raw: object) -> str:
    if raw not in SECURITIES:
        raise Invalid(security=_("No such kind of encryption"))
    return str(raw)
