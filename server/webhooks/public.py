"""The door for other programs: /p/hooks/{key}. Messengers bring messages, shops bring events. The signature is of the
raw body, with the channel's own secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse

from server.cases.models import CaseFile
from server.channels.models import Channel
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import DomainError, Forbidden, NotFound, TooLarge
from server.kit.files import safe_name
from server.kit.jobs import Services
from server.kit.public import public_route
from server.kit.seal import unseal
from server.kit.text import _
from server.kit.web import Answer
from server.webhooks.access import door_at
from server.webhooks.forms import is_signed
from server.webhooks.happenings import Told, parse_told, take_event
from server.webhooks.inbound import Inbound, content_of, parse_inbound, take_message

LARGEST = 256 * 1024


async def _told(request: Request, tx: Tx) -> tuple[Channel, Inbound | Told]:
    """Who is speaking, and what they say; whoever does not know the secret is asked nothing further."""
    found = await door_at(tx, request.path_params["key"][:100])
    if found is None:
        raise NotFound(_("There is nothing here"))
    channel, door = found
    secret = unseal(request.app.state.settings.secret, door.sealed)
    moment = request.headers.get("tertulia-timestamp", "")
    given = request.headers.get("tertulia-signature", "")
    if not is_signed(secret, moment, request.state.digest, given, now().timestamp()):
        raise Forbidden(_("The signature does not fit, or the clock is more than five minutes wrong"))
    raw = request.state.json
    return channel, parse_told(raw) if isinstance(raw, dict) and "event" in raw else parse_inbound(raw)


async def take(request: Request, tx: Tx) -> Answer:
    if len(request.state.digest) > LARGEST:
        raise TooLarge(_("At most 256 KB"))
    channel, told = await _told(request, tx)
    if isinstance(told, Told):
        noted = await take_event(tx, channel, told)
        number = noted.happening.id
        return JSONResponse({"event": number, "known": noted.is_known}, 200 if noted.is_known else 201)
    done = await take_message(tx, channel, told, request.state.stored)
    return JSONResponse({"case": done.case.number, "known": done.is_known}, 200 if done.is_known else 201)


async def _store(request: Request) -> list[CaseFile]:
    """Files go to the disk before the transaction that keeps the message. What is wrong is said there."""
    services: Services = request.app.state.services
    if len(request.state.digest) > LARGEST:
        return []
    try:
        async with services.database.transaction(read=True) as tx:
            _channel, told = await _told(request, tx)
        contents = [(one.name, content_of(one)) for one in told.files] if isinstance(told, Inbound) else []
    except DomainError:
        return []
    stored = []
    for name, content in contents:
        key, size, kind = await services.files.write(_once(content))
        stored.append(CaseFile(name=safe_name(name), size=size, type=kind, key=key))
    return stored


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@asynccontextmanager
async def _files_first(request: Request) -> AsyncIterator[None]:
    """What the transaction then does not keep is swept."""
    request.state.stored = await _store(request)
    yield


routes = [public_route("POST", "/p/hooks/{key}", take, around=_files_first)]
