"""The door for other messengers: /p/hooks/{key}. The signature is of the raw body, with the channel's own secret."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.public import public_route
from server.kit.seal import unseal
from server.kit.text import _
from server.kit.web import Answer
from server.webhooks.access import door_at
from server.webhooks.forms import is_signed
from server.webhooks.inbound import parse_inbound, take_message

LARGEST = 256 * 1024


async def take(request: Request, tx: Tx) -> Answer:
    if len(request.state.digest) > LARGEST:
        return JSONResponse({"error": "too_large", "message": _("At most 256 KB")}, 413)
    found = await door_at(tx, request.path_params["key"][:100])
    if found is None:
        raise NotFound(_("There is nothing here"))
    channel, door = found
    secret = unseal(request.app.state.settings.secret, door.sealed)
    moment = request.headers.get("tertulia-timestamp", "")
    given = request.headers.get("tertulia-signature", "")
    if not is_signed(secret, moment, request.state.digest, given, now().timestamp()):
        raise Forbidden(_("The signature does not fit, or the clock is more than five minutes wrong"))
    told = await take_message(tx, channel, parse_inbound(request.state.json))
    answer = {"case": told.case.number, "known": told.is_known}
    return JSONResponse(answer, 200 if told.is_known else 201)


routes = [public_route("POST", "/p/hooks/{key}", take)]
