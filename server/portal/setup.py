"""What admins say about a form or a chat, parsed: what is asked, in which words, who may show it, the hours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from server.announcer.forms import in_language, parse_both
from server.channels.models import Channel
from server.contacts.fields import CUSTOM, labels
from server.contacts.models import CustomField
from server.kit.errors import Invalid
from server.kit.hours import DAYS, parse_hours, parse_zone
from server.kit.outbound import Unreachable, check_url
from server.kit.text import _, language, one_line

SITES, TEXT, NAME = 50, 600, 80
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
ASKABLE = ("name", "emails", "phones", "title", "company", "addresses", "language")
TEXTS = {"form": ("title", "intro", "thanks"), "chat": ("title", "welcome", "away")}


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a form, as it is drawn."""

    name: str
    label: str
    is_required: bool
    kind: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    name: str
    language: str
    team_id: int | None
    sites: list[str]
    options: dict[str, Any]


def parse_place(kind: str, form: Mapping[str, Any], known: list[str], mails: set[int]) -> dict[str, Any]:
    """The options of a channel of this kind."""
    options: dict[str, Any] = {"fields": parse_fields(form, known), "mail": _mail(form, mails)}
    options["texts"] = {name: parse_both(name, form, TEXT) for name in TEXTS[kind]}
    if kind == "chat":
        options["hours"] = parse_hours({day: str(form.get(day) or "") for day in DAYS})
        options["zone"] = parse_zone(str(form.get("zone") or "UTC"))
        options["call"] = form.get("call") == "1"
    return options


def typed_anew(channel: Channel, form: Mapping[str, Any], known: list[str]) -> Channel:
    """The channel as it would be with what is typed now: for looking at, in no session. What is half typed is no
    mistake yet."""
    texts = {name: parse_both(name, form, TEXT) for name in TEXTS[channel.kind]}
    options = channel.options | {"fields": parse_fields(form, known), "texts": texts}
    name = one_line(form.get("name"), NAME) or channel.name
    return Channel(
        workspace_id=channel.workspace_id, kind=channel.kind, name=name, address=channel.address, options=options,
        language=channel.language, sites=channel.sites,
    )  # fmt: skip


def _mail(form: Mapping[str, Any], mails: set[int]) -> int | None:
    chosen = str(form.get("mail") or "")
    return int(chosen) if re.fullmatch(r"[0-9]{1,17}", chosen) and int(chosen) in mails else None


def parse_fields(form: Mapping[str, Any], known: list[str]) -> list[dict[str, Any]]:
    """ask_<field> is may, must or nothing; order_<field> a number."""
    found = []
    for place, name in enumerate(known):
        ask, order = form.get(f"ask_{name}"), str(form.get(f"order_{name}") or "")
        if ask in ("may", "must"):
            found.append((int(order) if re.fullmatch(r"[0-9]{1,3}", order) else 999, place, name, ask == "must"))
    return [{"name": name, "required": must} for _order, _place, name, must in sorted(found)]


def parse_sites(raw: str) -> list[str]:
    """One a line: where the frame may be shown. Only whole origins: a pattern would let in more than was meant."""
    sites = list(dict.fromkeys(_site(line) for line in raw.split() if line))
    if len(sites) > SITES:
        raise Invalid(sites=_("At most %(n)s") % {"n": SITES})
    return sites


def _site(text: str) -> str:
    wrong = Invalid(sites=_("“%(text)s” is no site, such as https://www.example.org") % {"text": text[:80]})
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = (parts.hostname or "").encode("idna").decode("ascii").lower(), parts.port
    except (ValueError, UnicodeError):
        raise wrong from None
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or parts.username or len(host) > 253:
        raise wrong
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def parse_page(raw: str) -> str:
    """A page of the admin's own site; where it leads is looked at when it is fetched."""
    try:
        check_url(raw)
    except Unreachable:
        raise Invalid(page=_("A web address is expected here, such as https://www.example.org/contact")) from None
    return raw


def origin_of(url: str) -> str:
    """The site of a page, spelled as `sites` are."""
    return _site(urlsplit(url)._replace(path="", query="", fragment="").geturl())


def parse_title(raw: object) -> str:
    name = one_line(raw, NAME)
    if not name:
        raise Invalid(name=_("A name is needed"))
    return name


def asked_of(options: dict[str, Any], custom: dict[str, CustomField]) -> list[Asked]:
    """What is asked, in order, in the language of now. Fields that were removed since are left out."""
    words, found = labels(), []
    for one in options.get("fields", []):
        name = one["name"]
        if name.startswith(CUSTOM) and (field := custom.get(name.removeprefix(CUSTOM))) is not None:
            found.append(Asked(name, field.label, one["required"], field.kind, tuple(field.choices)))
        elif name in ASKABLE:
            kind = {"emails": "email", "phones": "tel"}.get(name, "text")
            found.append(Asked(name, words[name], one["required"], kind))
    return found


def words_of(options: dict[str, Any], name: str, otherwise: str = "") -> str:
    """A text of the channel, in the language of now."""
    return in_language(options.get("texts", {}).get(name, {}), language()) or otherwise
