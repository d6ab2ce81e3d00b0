"""Who is asking, and which records are for chosen people alone. Domains decide the rest."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast

from sqlalchemy import ColumnElement, Index, Select, bindparam, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from server.kit.db import Base, Tx
from server.kit.once import once

Role = Literal["owner", "admin", "manager", "member", "read-only"]
ROLES: tuple[Role, ...] = ("owner", "admin", "manager", "member", "read-only")


@dataclass(frozen=True, slots=True)
class Principal:
    """A person with their rights. `kind` "system" is the house itself; visitors, guests and customers come by /p/."""

    user_id: int | None
    workspace_id: int
    role: Role = "member"
    teams: frozenset[int] = frozenset()
    kind: Literal["member", "system", "visitor", "guest", "customer"] = "member"
    via: str = "page"  # page | api | import | automation | cli
    name: str = ""
    email: str = ""
    language: str = "en"
    timezone: str = "UTC"
    theme: str = "auto"
    picture: str = ""
    session_id: int | None = None

    @property
    def key(self) -> str:
        return f"user:{self.user_id}"

    @property
    def names(self) -> list[str]:
        """The addressees this person answers to: themselves and their teams."""
        return [self.key, *(f"team:{team}" for team in sorted(self.teams))]

    def is_at_least(self, role: Role) -> bool:
        return self.kind == "system" or ROLES.index(self.role) <= ROLES.index(role)

    @property
    def may_write(self) -> bool:
        return self.kind == "system" or (self.kind == "member" and self.role != "read-only")

    @property
    def params(self) -> dict[str, Any]:
        """What a `prepared` statement is executed with."""
        return {
            "who_id": self.user_id,
            "who_workspace": self.workspace_id,
            "who_names": self.names,
            "who_teams": list(self.teams),
        }


def system(workspace_id: int, via: str = "automation") -> Principal:
    return Principal(None, workspace_id, "owner", kind="system", via=via)


class Restriction(Base):
    """A record with rows here is for these people and teams alone; without rows it is everybody's."""

    __tablename__ = "restriction"
    __table_args__ = (Index("ix_restriction_workspace", "workspace_id", "about"),)

    about: Mapped[str] = mapped_column(primary_key=True)  # "contact:7"
    who: Mapped[str] = mapped_column(primary_key=True)  # "user:5" | "team:2"
    workspace_id: Mapped[int]
    record_id: Mapped[int]


class _Anybody:
    """Whoever will ask: has what conditions compare with, and nothing else of a Principal."""

    kind = "member"
    user_id: Any = bindparam("who_id")
    workspace_id: Any = bindparam("who_workspace")
    names: Any = bindparam("who_names", expanding=True)
    teams: Any = bindparam("who_teams", expanding=True)


ANYBODY = cast(Principal, _Anybody())
P = ParamSpec("P")
R = TypeVar("R")


def prepared(build: Callable[Concatenate[Principal, P], R]) -> Callable[Concatenate[Principal, P], R]:
    """A statement, or a part of one, that is built once for everybody (the house has its own, for it sees all) and
    executed with `who.params`: building a big one costs more than running it."""
    built: Any = lru_cache(maxsize=256)(build)

    @wraps(build)
    def find(who: Principal, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast(R, built(who if who.kind == "system" else ANYBODY, *args, **kwargs))

    return find


# A part of statements for one person: those are immutable, and building them costs more than keeping them.
built_once = lru_cache(maxsize=256)


@built_once
def _closed(who: Principal, column: InstrumentedAttribute[Any]) -> Select[Any]:
    """The restricted records this person is not on the list of."""
    mine = func.sum(case((Restriction.who.in_(who.names), 1), else_=0))
    return (
        select(column)
        .where(Restriction.workspace_id == who.workspace_id)
        .group_by(Restriction.about, Restriction.record_id)
        .having(mine == 0)
    )


def allowed(who: Principal, about: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The condition that `about` is no record closed to this person; part of every visible_* over a row with one."""
    if who.kind == "system":
        return true()
    return or_(about.is_(None), about.not_in(_closed(who, Restriction.about)))


def allowed_id(who: Principal, kinds: Collection[str], id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The same for the record's own table, by number, so that the index on it is used."""
    if who.kind == "system":
        return true()
    of_kind = or_(*(Restriction.about.startswith(f"{kind}:") for kind in kinds))
    return id.not_in(_closed(who, Restriction.record_id).where(of_kind))


async def restricted_to(tx: Tx, about: str) -> list[str]:
    """The addressees of a restricted record; empty when it is everybody's."""
    return list(await tx.scalars(select(Restriction.who).where(Restriction.about == about).order_by(Restriction.who)))


@once
async def audiences(tx: Tx, about: str | None, list_topic: str) -> tuple[list[str], list[str]]:
    """(topics of the record, topics of lists): a restricted record gives no list topic."""
    if about is None:
        return [], [list_topic]
    return [about], [] if await is_closed(tx, about) else [list_topic]


@once
async def is_closed(tx: Tx, about: str) -> bool:
    """Whether a record is for chosen people alone."""
    return bool(await tx.scalar(select(func.count()).where(Restriction.about == about)))
