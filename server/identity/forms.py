"""What people type about themselves, checked."""

import re
from collections.abc import Callable
from typing import get_args
from zoneinfo import available_timezones

from server.kit.access import Role
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean, one_line

MAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@[^@\s,;<>\"()]{1,190}\.[^@\s,;<>\"().]{2,63}\Z")
THEMES = ("auto", "light", "dark")
ZONES = frozenset(available_timezones())


def parse_email(text: str) -> str:
    """Lower case; refused unless it could be one."""
    email = clean(text, 320).lower()
    if not MAIL.match(email):
        raise Invalid(email=_("This is no e-mail address"))
    return email


def parse_emails(field: str, text: str) -> list[str]:
    """Several, by comma, semicolon, space or line; the first that cannot be one is named."""
    parts = [clean(part, 320).lower() for part in re.split(r"[,;\s]+", text) if part]
    for part in parts:
        if not MAIL.match(part):
            raise Invalid(**{field: _("“%(text)s” is no e-mail address") % {"text": part[:80]}})
    return list(dict.fromkeys(parts))


def parse_name(text: str, field: str = "name") -> str:
    name = one_line(text, 120)
    if not name:
        raise Invalid(**{field: _("A name is needed")})
    return name


def all_wrong(*checks: Callable[[], object]) -> dict[str, str]:
    """What is wrong with every field of a form, not with the first alone."""
    found: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except Invalid as error:
            found |= error.fields
    return found


def parse_role(text: str) -> Role:
    if text not in get_args(Role):
        raise Invalid(role=_("No such role"))
    return text  # type: ignore[return-value]


def one_of(field: str, text: str, choices: tuple[str, ...] | frozenset[str]) -> str:
    if text not in choices:
        raise Invalid(**{field: _("Not one of the choices")})
    return text


def parse_profile(field: str, text: str) -> str:
    match field:
        case "language":
            return one_of(field, text, LANGUAGES)
        case "timezone":
            return one_of(field, text, ZONES)
        case "theme":
            return one_of(field, text, THEMES)
        case "name":
            return parse_name(text)
    raise Invalid(**{field: _("No such field")})


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_name(agent: str) -> str:
    """ "Firefox, Windows" from what a browser says of itself; programs keep their own first word."""
    browser = next((name for mark, name in BROWSERS if mark in agent), agent.split("/")[0].split(" ")[0][:40])
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, [browser, system]))
