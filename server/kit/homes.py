"""What a call may belong to: each domain says how one of its kinds is got with its rights, and how it is named."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from server.kit.about import parse_about
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.text import _


@dataclass(frozen=True, slots=True)
class Home:
    """As its reader may see it. `record`, `person` or `icon` is its face; `rings` are the addressees behind it, of
    whom `owner` and `team` are told when nobody came. `tells`: each of them is told by the bell that they missed it."""

    about: str
    name: str
    url: str
    rings: tuple[str, ...] = ()
    owner: int | None = None
    team: int | None = None
    record: Any = None
    person: Any = None
    icon: str = ""
    tells: bool = False


To = Literal["see", "edit"]
GetHome = Callable[[Tx, Principal, str, To], Awaitable[Home]]
ListHomes = Callable[[Tx, Principal, Collection[str]], Awaitable[dict[str, Home]]]
_homes: dict[str, tuple[GetHome, ListHomes]] = {}


def offers_homes(kinds: Collection[str], get: GetHome, many: ListHomes) -> None:
    """`get` raises NotFound or Forbidden as any door does; `many` leaves out what this person may not see."""
    _homes.update(dict.fromkeys(kinds, (get, many)))


async def get_home(tx: Tx, who: Principal, about: str | None, to: To = "see") -> Home:
    """To edit, its row is locked until the transaction ends."""
    kind, _number = parse_about(about)
    if kind not in _homes:
        raise NotFound(_("No such record"))
    return await _homes[kind][0](tx, who, about or "", to)


async def homes_of(tx: Tx, who: Principal, abouts: Collection[str]) -> dict[str, Home]:
    """One or two statements for each kind among them."""
    found: dict[str, Home] = {}
    for many in dict.fromkeys(many for kind, (_get, many) in _homes.items() if _of(abouts, kind)):
        found |= await many(tx, who, abouts)
    return found


def _of(abouts: Collection[str], kind: str) -> bool:
    return any(about.startswith(f"{kind}:") for about in abouts)
