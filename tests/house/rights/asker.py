"""Asks the app without a client's ceremony: the sweep sends ten thousand requests."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.datastructures import Headers


@dataclass(frozen=True, slots=True)
class Said:
    status_code: int
    headers: Headers
    text: str


class Asker:
    """Somebody's browser or program: what it sends with every request."""

    def __init__(self, app: Starlette, **headers: str) -> None:
        self._app = app
        self._headers = [(b"host", b"test"), *((name.encode(), value.encode()) for name, value in headers.items())]

    async def request(self, method: str, address: str, *, form: Any = None, body: Any = None) -> Said:
        """`form` is sent as a browser does, `body` as JSON."""
        content, headers = b"", list(self._headers)
        if form is not None:
            content = urlencode(form).encode()
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        if body is not None:
            content = json.dumps(body).encode()
            headers.append((b"content-type", b"application/json"))
        if method != "GET":  # as pages send what changes something
            headers += [(b"hx-request", b"true"), (b"content-length", str(len(content)).encode())]
        path, _, query = address.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "headers": headers,
            "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
            "server": ("test", None), "client": ("127.0.0.1", 123), "root_path": "",
        }  # fmt: skip
        return await self._send(scope, content)

    async def _send(self, scope: dict[str, Any], content: bytes) -> Said:
        starts: list[dict[str, Any]] = []
        parts: list[bytes] = []
        waiting, answered = [content], asyncio.Event()

        async def receive() -> dict[str, Any]:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                starts.append(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    answered.set()

        with contextlib.suppress(Exception):  # what is raised after its answer was sent: the answer says 500
            await self._app(scope, receive, send)
        assert starts, (scope["method"], scope["path"], "no answer")
        return Said(starts[0]["status"], Headers(raw=starts[0]["headers"]), b"".join(parts).decode(errors="replace"))
