"""Passes: what lets somebody without an account through the public door, to exact topics and nothing else."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Base, Tx
from server.kit.events import Event, EventRow, emit, event
from server.kit.live import Recheck, shows

Kind = Literal["visitor", "guest", "customer"]


class Pass(Base):
    """`subject`: what it was given for, such as "participant:5". The token itself is nowhere."""

    __tablename__ = "public_pass"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    scope: Mapped[list[Any]]  # topics
    name: Mapped[str]
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice: topics name it

    @property
    def topic(self) -> str:
        return f"pass:{self.id}"


@event("pass.revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class PassRevoked(Event):
    """Its sockets close, and it opens nothing any more."""


@event("pass.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PassChanged(Event):
    """It is good for other topics now."""


@shows("pass.revoked", "pass.changed")
async def show_revoked(tx: Tx, row: EventRow) -> list[Recheck]:
    return [Recheck(row.subject)]


def hashed(token: str) -> str:
    """256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "ignore")).hexdigest()


async def make_pass(
    tx: Tx, who: Principal, kind: Kind, subject: str, scope: Collection[str], *, name: str, language: str, hours: float
) -> tuple[Pass, str]:
    """A new pass in who's workspace, and its token, which is told this once."""
    token, at = secrets.token_urlsafe(32), now()
    made = Pass(
        workspace_id=who.workspace_id, kind=kind, subject=subject, scope=sorted(scope), name=name, language=language,
        token_hash=hashed(token), made_at=at, expires_at=at + timedelta(hours=hours),
    )  # fmt: skip
    tx.add(made)
    await tx.flush()
    return made, token


async def find_pass(tx: Tx, token: str) -> Pass | None:
    """The pass of this token, while it holds."""
    found = select(Pass).where(Pass.token_hash == hashed(token), Pass.revoked_at.is_(None), Pass.expires_at > now())
    return await tx.scalar(found)


async def pass_again(tx: Tx, pass_id: int) -> Pass | None:
    found = select(Pass).where(Pass.id == pass_id, Pass.revoked_at.is_(None), Pass.expires_at > now())
    return await tx.scalar(found)


async def change_scope(tx: Tx, workspace_id: int, subject: str, scope: Collection[str]) -> None:
    """What the passes given for this are good for from now on; who listens with one is asked again."""
    held = select(Pass).where(Pass.workspace_id == workspace_id, Pass.subject == subject, Pass.revoked_at.is_(None))
    for one in await tx.scalars(held):
        one.scope = sorted(scope)
        emit(tx, system(workspace_id), PassChanged(subject=one.topic))


async def revoke_passes(tx: Tx, workspace_id: int, subjects: Collection[str]) -> None:
    """Every pass that was given for these: what listens with one is cut off."""
    held = select(Pass).where(Pass.workspace_id == workspace_id, Pass.subject.in_(subjects), Pass.revoked_at.is_(None))
    for one in await tx.scalars(held):
        one.revoked_at = now()
        emit(tx, system(workspace_id), PassRevoked(subject=one.topic))


def principal_of(one: Pass) -> Principal:
    return Principal(
        None, one.workspace_id, "read-only", kind=one.kind, name=one.name, language=one.language,  # type: ignore[arg-type]
    )  # fmt: skip
