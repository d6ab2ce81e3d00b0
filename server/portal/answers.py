"""What every page of the customers' side carries: who may frame it, and that no address of it leaks."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.kit.errors import TooMany
from server.kit.guard import POLICY
from server.kit.pages import render
from server.kit.text import _

NOBODY = "frame-ancestors 'none'"


def whole(request: Request, template: str, status: int = 200, sites: Sequence[str] = (), **inputs: Any) -> Response:
    """`sites` may show it in a frame; nobody else may."""
    nonce = request.state.nonce
    answer = HTMLResponse(render(template, nonce=nonce, **inputs), status, {"referrer-policy": "no-referrer"})
    if sites:
        policy = POLICY.format(nonce=nonce).replace(NOBODY, f"frame-ancestors {' '.join(sites)}")
        answer.headers["content-security-policy"] = policy
    return answer


def bearer(request: Request) -> str:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip()[:200] if scheme.lower() == "bearer" else ""


async def slowly(request: Request, what: str, who: str, rate: str) -> None:
    """`rate` such as "30 per minute"."""
    if not await request.app.state.throttle.may(what, who, rate):
        raise TooMany(_("That was very often in a short time. Please wait a moment"))
