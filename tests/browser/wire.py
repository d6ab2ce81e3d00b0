"""A small server for the tests of the browser modules: one page with the built assets, and the wire spoken by hand."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.needs import free_port

DIST = Path(__file__).parents[2] / "static" / "dist"
NONCE = "q83v"
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}' 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
Frame = dict[str, Any]


class Wire:
    """What a test says to the page and hears from it."""

    def __init__(self) -> None:
        self.body = ""
        self.fragments: dict[str, Callable[[], Response | Awaitable[Response]]] = {}
        self.posts: list[tuple[str, str, dict[str, str]]] = []  # path, Idempotency-Key, form
        self.answer: Callable[[str, dict[str, str]], Response] = lambda _path, _form: HTMLResponse("")
        self.heard: list[Frame] = []
        self.history: dict[str, list[Frame]] = {}
        self.heads: dict[str, int] = {}
        self.lost: set[str] = set()  # topics that cannot be replayed
        self.sockets: list[WebSocket] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    # from the test's thread

    def say(self, frame: Frame, *, keep: bool = True, send: bool = True) -> None:
        """Sends to every socket; numbered frames are kept for replay. send=False loses it on the way."""
        if "n" in frame and "topic" in frame and keep:
            self.history.setdefault(frame["topic"], []).append(frame)
            self.heads[frame["topic"]] = frame["n"]
        if send:
            self.do(self.send_all(frame))

    def patch(self, topic: str, n: int, html: str, **how: bool) -> None:
        self.say({"t": "p", "topic": topic, "n": n, "html": html}, **how)

    def cut(self, code: int = 1012) -> None:
        self.do(self.close_all(code))

    def do(self, work: Any) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def wait_for(self, ready: Callable[[], Any]) -> Any:
        end = time.monotonic() + 10
        while not ready():
            assert time.monotonic() < end, f"not heard; so far: {self.heard}"
            time.sleep(0.01)
        return ready()

    def said(self, kind: str) -> list[Frame]:
        return [frame for frame in self.heard if frame["t"] == kind]

    # in the server's loop

    async def send_all(self, frame: Frame) -> None:
        for socket in list(self.sockets):
            await socket.send_text(json.dumps(frame))

    async def close_all(self, code: int) -> None:
        for socket in list(self.sockets):
            await socket.close(code)

    async def page(self, _request: Request) -> Response:
        return HTMLResponse(document(self.body), headers={"Content-Security-Policy": POLICY})

    async def part(self, request: Request) -> Response:
        path = request.url.path
        if request.method == "GET":
            made = self.fragments[path]()
            return await made if isinstance(made, Awaitable) else made
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.posts.append((path, request.headers.get("idempotency-key", ""), form))
        return self.answer(path, form)

    async def live(self, socket: WebSocket) -> None:
        await socket.accept()
        self.sockets.append(socket)
        try:
            while True:
                frame = await socket.receive_json()
                self.heard.append(frame)
                if frame["t"] == "sub":
                    await self.subscribe(socket, frame["topics"])
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets.remove(socket)

    async def subscribe(self, socket: WebSocket, topics: dict[str, int | None]) -> None:
        heads = {}
        for topic, since in topics.items():
            head = self.heads.get(topic, since or 0)
            if topic in self.lost:
                await socket.send_json({"t": "gap", "topic": topic, "n": head})
                continue
            for frame in self.history.get(topic, []):
                if since is not None and frame["n"] > since:
                    await socket.send_json(frame)
            heads[topic] = head
        await socket.send_json({"t": "ok", "topics": heads})


def document(body: str) -> str:
    names = json.loads((DIST / "manifest.json").read_text())
    words = json.loads((DIST.parent / "js" / "words.json").read_text())["en"]
    return f"""<!doctype html><html lang="en" data-bs-theme="light"><head><meta charset="utf-8"><title>Wire</title>
      <link rel="stylesheet" href="/static/dist/{names["app.css"]}">
      <link rel="icon" href="/static/dist/{names["logo.svg"]}" type="image/svg+xml">
      <script type="module" nonce="{NONCE}" src="/static/dist/{names["app.js"]}"></script></head>
      <body data-me="5" data-workspace="1" data-lang="en" data-tz="Europe/Madrid" data-live="/live"
        data-icons="/static/dist/{names["icons.svg"]}">
      <span class="lamp" role="status" data-lamp data-live-text="Live" data-catch-text="Catching up"
        data-paused-text="Paused"><i></i><span>-</span></span>
      {body}<script type="application/json" id="words">{json.dumps(words)}</script></body></html>"""


@contextlib.contextmanager
def serve() -> Iterator[Wire]:
    wire = Wire()
    routes = [
        Route("/", wire.page),
        WebSocketRoute("/live", wire.live),
        Mount("/static/dist", StaticFiles(directory=DIST)),
        Route("/{rest:path}", wire.part, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), port=wire.port, log_level="error", ws="websockets-sansio", lifespan="off"
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        wire.loop = asyncio.get_running_loop()
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    wire.wait_for(lambda: server.started)
    try:
        yield wire
    finally:
        server.should_exit = True
        thread.join(10)
