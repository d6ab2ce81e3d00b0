"""Around every request: how large it may be, and the headers of its answer (what a page may load, who may frame it)."""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.kit.errors import TooLarge

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STANDING = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """Gives each request a nonce in `request.state.nonce`; an answer may bring its own policy."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app, self._https = app, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in STANDING.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", POLICY.format(nonce=nonce))
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
                if self._https:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, send_guarded)


class BodyLimit:
    """Whoever sends more is told so like of any other mistake: the error is raised where the body is read."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told, size = Headers(scope=scope).get("content-length", ""), 0

        async def receive_bounded() -> Message:
            nonlocal size
            if told.isdecimal() and int(told) > self._most:
                raise TooLarge
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise TooLarge
            return message

        await self._app(scope, receive_bounded, send)
