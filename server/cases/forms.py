"""What is typed about cases, parsed: bodies, statuses, the list's address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import FormData

from server.cases.models import PRIORITIES, STATUSES, TYPES
from server.contacts.fields import parse_tags
from server.kit.clock import now
from server.kit.errors import Invalid
from server.kit.forms import parse_text
from server.kit.paging import page_number
from server.kit.text import _, clean, one_line

NAME_LENGTH = 80
SUBJECT_LENGTH = 300
BODY_LENGTH = 50_000
VIEWS = ("ours", "mine", "unassigned", "waiting", "snoozed", "solved", "all")
CLAIMS = ("15", "30", "60", "240")  # minutes
FURTHEST = timedelta(days=366)


def parse_name(raw: str) -> str:
    """Of a macro, a promise, a rule."""
    name = one_line(raw, NAME_LENGTH)
    if not name:
        raise Invalid(name=_("Give it a name"))
    return name


def parse_subject(raw: object) -> str:
    subject = one_line(raw, SUBJECT_LENGTH)
    if not subject:
        raise Invalid(subject=_("Say in a few words what it is about"))
    return subject


def parse_body(raw: object) -> str:
    return parse_text(raw, BODY_LENGTH, _("There is nothing to send yet"))


def parse_status(raw: object) -> str:
    if raw not in STATUSES:
        raise Invalid(status=_("No such status"))
    return str(raw)


def parse_priority(raw: object) -> str:
    if raw not in PRIORITIES:
        raise Invalid(priority=_("No such priority"))
    return str(raw)


def parse_type(raw: object) -> str:
    if raw not in TYPES:
        raise Invalid(type=_("No such type"))
    return str(raw)


def parse_case_tags(raw: object) -> list[str]:
    """A list, or words with commas between."""
    return parse_tags(raw.split(",") if isinstance(raw, str) else raw)


def parse_via(raw: object) -> str:
    """How it came, when it is written down by hand."""
    if raw not in ("phone", "person", "email"):
        raise Invalid(via=_("Say how it came"))
    return str(raw)


def parse_until(until: datetime | None) -> datetime:
    """When a snoozed case comes back: in the future, within a year."""
    if until is None or not now() < until < now() + FURTHEST:
        raise Invalid(until=_("A moment within the next year is expected here"))
    return until


def parse_send_at(at: datetime) -> datetime:
    if not now() < at < now() + FURTHEST:
        raise Invalid(send_at=_("A moment within the next year is expected here"))
    return at


def parse_claim(raw: object) -> timedelta:
    if raw not in CLAIMS:
        raise Invalid(minutes=_("Choose one of the times"))
    return timedelta(minutes=int(str(raw)))


def also_in(form: FormData) -> list[str]:
    """Whom the composer names in copy."""
    return [one for one in form.getlist("also") if isinstance(one, str)]


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """The list as its address says it."""

    view: str = "ours"
    team: str = ""
    type: str = ""
    priority: str = ""
    tag: str = ""
    q: str = ""
    page: int = 1

    def url(self, **changes: object) -> str:
        other = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        return "/cases" + (f"?{urlencode(pairs)}" if (pairs := other.pairs()) else "")

    @property
    def is_filtered(self) -> bool:
        return any((self.team, self.type, self.priority, self.tag, self.q))

    @property
    def kept(self) -> str:
        """What a saved view keeps of it: the address of its first page."""
        return self.url().partition("?")[2]

    def pairs(self) -> list[tuple[str, str]]:
        pairs = [("view", self.view)] if self.view != "ours" else []
        pairs += [(name, value) for name in ("team", "type", "priority", "tag", "q") if (value := getattr(self, name))]
        return pairs + ([("page", str(self.page))] if self.page > 1 else [])


def parse_query(params: Mapping[str, str]) -> CaseQuery:
    """From an address; what is not known is left out, never an error."""
    view, team = params.get("view", "ours"), params.get("team", "")
    type_, priority = params.get("type", ""), params.get("priority", "")
    return CaseQuery(
        view if view in VIEWS else "ours",
        team if team.isascii() and team.isdigit() and len(team) < 18 else "",
        type_ if type_ in TYPES else "",
        priority if priority in PRIORITIES else "",
        clean(params.get("tag", ""), 60),
        clean(params.get("q", ""), 100),
        page_number(params.get("page")),
    )


def query_of(address: str) -> CaseQuery:
    """The same from a whole address such as "/cases?view=mine"."""
    return parse_query(dict(parse_qsl(address.partition("?")[2])))
