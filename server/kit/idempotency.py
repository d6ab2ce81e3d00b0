"""One act, one row: a write with a key that was already answered gets the same answer again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Text, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from starlette.responses import Response

from server.kit.clock import now
from server.kit.db import Base, Tx
from server.kit.errors import Conflict, Invalid
from server.kit.text import _

KEPT = timedelta(hours=24)
SHOWN_ONCE = 0  # the status of an answer that is not kept
KEEP_HEADERS = ("location", "content-type", "x-toast", "hx-redirect", "hx-refresh", "hx-retarget", "hx-reswap")


class IdempotencyRow(Base):
    __tablename__ = "idempotency"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]  # method, address and digest of the body
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)


class KeyLocks:
    """Holders of one key queue here, before they take a connection."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, credential: str, key: str) -> AsyncIterator[None]:
        lock = self._locks.get((credential, key)) or asyncio.Lock()
        self._locks[credential, key] = lock
        async with lock:
            yield


def fingerprint(method: str, address: str, body: bytes) -> str:
    return f"{method} {address} {hashlib.sha256(body).hexdigest()}"


def check_key(key: str) -> str:
    if not 8 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise Invalid(_("An Idempotency-Key has 8 to 128 printable characters"))
    return key


async def claim(tx: Tx, user_id: int, key: str, request: str) -> Response | None:
    """Takes the key first, in the same transaction: raise = rollback = key free. An answered one gives its answer.

    Who comes second in another process waits here for the first one's commit.
    """
    insert = (sqlite if tx.get_bind().dialect.name == "sqlite" else postgresql).insert(IdempotencyRow)
    values = {
        "user_id": user_id,
        "key": key,
        "request": request,
        "status": SHOWN_ONCE,
        "headers": {},
        "body": "",
        "at": now(),
    }
    taken = insert.values(values).on_conflict_do_nothing().returning(IdempotencyRow.key)
    if await tx.scalar(taken) is not None:
        return None
    known = await tx.get_one(IdempotencyRow, (user_id, key))
    if known.request != request:
        raise Invalid(_("This Idempotency-Key was used for another request"))
    if known.status == SHOWN_ONCE:
        raise Conflict(_("This is done already, and what it showed is shown once"))
    return Response(known.body, known.status, known.headers)


async def settle(tx: Tx, user_id: int, key: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in KEEP_HEADERS if name in response.headers}
    if response.headers.get("cache-control") == "no-store":  # a secret: the row would keep it for a day
        return
    mine = (IdempotencyRow.user_id == user_id, IdempotencyRow.key == key)
    answer = {"status": response.status_code, "headers": headers, "body": bytes(response.body).decode()}
    await tx.execute(update(IdempotencyRow).where(*mine).values(answer))


async def prune_keys(tx: Tx) -> None:
    await tx.execute(delete(IdempotencyRow).where(IdempotencyRow.at < now() - KEPT))
