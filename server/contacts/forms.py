"""The list's address, read: which records, in which order, which page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from server.kit.paging import page_number
from server.kit.text import clean

SORTS = ("name", "active", "created")
OPERATORS = ("is", "has", "gt", "lt", "none", "any")
FILTERS = 10


@dataclass(frozen=True, slots=True)
class CustomFilter:
    """`x.tenure.gt=12`: the field's key, what is compared, with what."""

    key: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The list as its address says it. `sort` is a name, "-name" downwards, or "x.<key>" for a custom field."""

    kind: str = "contact"
    q: str = ""
    owner: str = ""  # a number, "me" or "none"
    team: str = ""
    tag: str = ""
    company: str = ""
    trash: bool = False
    custom: tuple[CustomFilter, ...] = ()
    sort: str = "name"
    columns: tuple[str, ...] = field(default=())
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.owner or self.team or self.tag or self.company or self.custom or self.trash)

    def url(self, **changes: object) -> str:
        """The address of the same list with something else; a change of filter goes back to page 1."""
        other = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        return "/contacts" + (f"?{urlencode(pairs)}" if (pairs := other.pairs()) else "")

    def pairs(self) -> list[tuple[str, str]]:
        plain = [(name, getattr(self, name)) for name in ("q", "owner", "team", "tag", "company")]
        pairs = [(name, value) for name, value in plain if value]
        pairs += [(f"x.{one.key}.{one.operator}", one.value) for one in self.custom]
        pairs += [("kind", self.kind)] if self.kind != "contact" else []
        pairs += [("trash", "1")] if self.trash else []
        pairs += [("sort", self.sort)] if self.sort != "name" else []
        pairs += [("cols", ",".join(self.columns))] if self.columns else []
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return pairs


def parse_list(params: Mapping[str, str], known: Mapping[str, object]) -> ListQuery:
    """From an address; what is not known (`known`: keys of custom fields) is left out, never an error."""
    sort = params.get("sort", "name")
    plain = sort.removeprefix("-")
    if plain not in SORTS and plain.removeprefix("x.") not in known:
        sort = "name"
    columns = [key for key in params.get("cols", "").split(",") if key in known]
    return ListQuery(
        kind="company" if params.get("kind") == "company" else "contact",
        q=clean(params.get("q", ""), 100),
        owner=_number_or(params.get("owner", ""), ("me", "none")),
        team=_number_or(params.get("team", ""), ()),
        tag=clean(params.get("tag", ""), 60),
        company=_number_or(params.get("company", ""), ()),
        trash=params.get("trash") == "1",
        custom=tuple(own_filters(params, known))[:FILTERS],
        sort=sort,
        columns=tuple(dict.fromkeys(columns))[:8],
        page=page_number(params.get("page")),
    )


def _number_or(text: str, words: tuple[str, ...]) -> str:
    return text if text in words or (text.isascii() and text.isdigit() and len(text) < 18) else ""


def own_filters(params: Mapping[str, str], known: Mapping[str, object]) -> list[CustomFilter]:
    """Those whose field is known, from parameters such as `x.tenure.gt=12`."""
    found = []
    for name, value in params.items():
        key, dot, operator = name.removeprefix("x.").rpartition(".")
        if name.startswith("x.") and dot and key in known and operator in OPERATORS:
            found.append(CustomFilter(key, operator, clean(value, 200)))
    return found
