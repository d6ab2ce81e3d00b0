"""Handlers get (request, tx, who) and return HTML; errors become answers in one place."""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ScalarSelect, Select, select
from starlette.convertors import register_url_convertor
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server.kit.about import RecordNumber
from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.errors import Forbidden, Invalid, Unknown
from server.kit.idempotency import check_key, claim, fingerprint, settle
from server.kit.pages import render
from server.kit.patches import read_heads
from server.kit.text import LANGUAGES, _, pick_language, speaking

Answer = str | Response
Handler = Callable[[Request, Tx, Principal], Awaitable[Answer]]
Before = Callable[[Request, Principal], Awaitable[None]]
OpenHandler = Callable[[Request, Database], Awaitable[Answer]]
SAFE = ("GET", "HEAD")
FIELD_LIMIT = 600  # a mapping of 500 columns is the longest form
FILE_LIMIT = 20
LANGUAGE_KEPT = 365 * 86_400  # seconds

register_url_convertor("int", RecordNumber())


def route(method: str, path: str, handler: Handler, *, personal: bool = False, before: Before | None = None) -> Route:
    """A route for members. `personal`: an act on oneself, open to read-only members too. `before` does what has no
    place in a transaction, such as reading files; it leaves what it found in `request.state`.

    The body is read whole before a transaction opens. GET = a snapshot that cannot write.
    """

    async def answer(request: Request) -> Response:
        key = request.headers.get("idempotency-key") if method not in SAFE else None
        if key is None:
            return await _answer(request, handler, method, personal, None, before)
        credential = request.headers.get("authorization", "") + request.headers.get("cookie", "")
        async with request.app.state.key_locks.hold(credential, check_key(key)):
            return await _answer(request, handler, method, personal, key, before)

    return Route(path, _prepared(answer), methods=[method], name=f"{handler.__module__}.{handler.__name__}")


async def _answer(
    request: Request, handler: Handler, method: str, personal: bool, key: str | None, before: Before | None
) -> Response:
    database: Database = request.app.state.database
    if before is not None:
        async with database.transaction(read=True) as tx:
            asking: Principal | None = await request.app.state.authenticate(request, tx)
        if asking is not None and (method in SAFE or personal or asking.may_write):  # others are refused below
            with speaking(asking.language):
                await before(request, asking)
    async with database.transaction(read=method in SAFE) as tx:
        who: Principal | None = await request.app.state.authenticate(request, tx)
        if who is None:
            raise Unknown
        request.state.who = who
        with speaking(who.language):
            if method not in SAFE and not personal and not who.may_write:
                raise Forbidden(_("Your role can read here, not write"))
            if key and who.user_id is not None:
                request_print = fingerprint(method, address_of(request), request.state.digest)
                if (known := await claim(tx, who.user_id, key, request_print)) is not None:
                    return known
            response = _whole(request, await handler(request, tx, who))
            if key and who.user_id is not None:
                await settle(tx, who.user_id, key, response)
    return _remember_language(request, response, who.language)


def open_route(method: str, path: str, handler: OpenHandler) -> Route:
    """A route without a member (set-up, sign-in, reset, invitation). The handler opens its own transactions,
    so that hashing stays outside them."""

    async def answer(request: Request) -> Response:
        with speaking(request_language(request)):
            response = _response(await handler(request, request.app.state.database))
        chosen = request.query_params.get("lang")
        return _remember_language(request, response, chosen) if chosen in LANGUAGES else response

    return Route(path, _prepared(answer), methods=[method], name=f"{handler.__module__}.{handler.__name__}")


def _remember_language(request: Request, response: Response, language: str) -> Response:
    """For pages that know nobody: sign-in, a wrong address, the crash page."""
    if not is_api(request) and request.cookies.get("lang") != language:
        response.set_cookie("lang", language, max_age=LANGUAGE_KEPT, path="/", httponly=True, samesite="lax")
    return response


def _prepared(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Reads the body before anything else, and lets uploaded files go at the end."""

    async def endpoint(request: Request) -> Response:
        try:
            await prepare(request)
            return await answer(request)
        finally:
            await request.close()

    return endpoint


def address_of(request: Request) -> str:
    """The path and what it asks."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _whole(request: Request, answer: Answer) -> Response:
    """Who types the address of a part of a page is led to the page that it belongs to, and who has no scripts to
    where they would have led."""
    response = _response(answer)
    if request.headers.get("sec-fetch-mode") != "navigate" or is_htmx(request):
        return response
    if next_page := response.headers.get("hx-redirect"):
        return RedirectResponse(next_page, 303)
    if isinstance(answer, str) and not answer.lstrip().startswith("<!doctype"):
        return RedirectResponse(request.url.path.rpartition("/")[0] or "/", 303)
    return response


def _response(answer: Answer) -> Response:
    return HTMLResponse(answer) if isinstance(answer, str) else answer


def request_language(request: Request) -> str:
    chosen = request.query_params.get("lang") or request.cookies.get("lang")
    return chosen if chosen in LANGUAGES else pick_language(request.headers.get("accept-language", ""))


async def prepare(request: Request) -> None:
    """Origin check, then the whole body: `request.state.form` (FormData) or `.json`, and `.digest` of it."""
    request.state.form, request.state.json, request.state.digest = FormData(), None, b""
    if request.method in SAFE:
        return
    check_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        request.state.form = await request.form(
            max_fields=FIELD_LIMIT, max_files=FILE_LIMIT, max_part_size=4 * 1024 * 1024
        )
        read: list[list[object]] = []
        for name, value in request.state.form.multi_items():
            read.append([name, value if isinstance(value, str) else await _print_of(request, value)])
        request.state.digest = json.dumps(read).encode()
    else:
        request.state.digest = await request.body()
        request.state.json = (
            parse_json(request.state.digest) if request.state.digest and kind == "application/json" else None
        )


async def _print_of(request: Request, upload: UploadFile) -> list[object]:
    """Name, size and, where the request could come again, digest of a file; who sends no key is not made to wait."""
    if "idempotency-key" not in request.headers:
        return [upload.filename, upload.size]
    read = sha256()
    await upload.seek(0)
    while chunk := await upload.read(1 << 20):
        read.update(chunk)
    await upload.seek(0)
    return [upload.filename, upload.size, read.hexdigest()]


def parse_json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(_("The body is no valid JSON")) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def check_origin(request: Request) -> None:
    """Refuses a browser's request that another site caused. No browser omits both headers on a write."""
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if site is None and origin is None:
        return
    if (
        origin
        and site is None
        and is_own_origin(origin, request.headers.get("host", ""), request.app.state.settings.url)
    ):
        return
    raise Forbidden(_("This request came from another site"))


def is_own_origin(origin: str, host: str, base_url: str) -> bool:
    parts = urlsplit(origin)
    return bool(parts.netloc) and (
        parts.netloc == host or origin == "{0.scheme}://{0.netloc}".format(urlsplit(base_url))
    )


def field(form: FormData | Mapping[str, Any], name: str, limit: int = 10_000) -> str:
    """A text field of a form, without NUL and outer space; refused when longer than `limit`."""
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise Invalid(**{name: _("Text is expected here")})
    text = (value or "").replace("\x00", "").encode("utf-8", "ignore").decode().strip()
    if len(text) > limit:
        raise Invalid(**{name: _("At most %(n)s characters") % {"n": limit}})
    return text


def is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def is_api(request: Request) -> bool:
    """Whether a program asks: it is answered in JSON, also when something is wrong."""
    return request.url.path.startswith(("/api/", "/p/hooks/"))


async def page(
    request: Request, tx: Tx, who: Principal, template: str, *, heads: dict[str, int], **context: Any
) -> str:
    """A whole page: the shell around `template`, with the sidebar's counts in one query."""
    shell = await shell_of(request, tx, who, heads)
    return render(template, **shell, **context)


@lru_cache(maxsize=256)
def _beside(*counts: ScalarSelect[Any]) -> Select[Any]:
    return select(*(count.label(f"count_{i}") for i, count in enumerate(counts)))


async def shell_of(request: Request, tx: Tx, who: Principal, heads: dict[str, int]) -> dict[str, Any]:
    """What the frame of every page shows."""
    entries = request.app.state.house.nav
    counted = [entry for entry in entries if entry.badge is not None]
    counts = [entry.badge(who) for entry in counted if entry.badge is not None]
    row = (await tx.execute(_beside(*counts), who.params)).one() if counts else ()
    badges = {entry.url: count for entry, count in zip(counted, row, strict=True)}
    shell = {"request": request, "who": who, "nav": entries, "badges": badges, "heads": heads}
    return shell | {"path": request.url.path, "nonce": request.state.nonce}


async def nav(request: Request, tx: Tx, who: Principal) -> Answer:
    """The sidebar or the tab bar with fresh counts: Refresh(who.key, ["nav", "tabbar"]) fetches it."""
    heads = await page_heads(tx, who)
    part = "kit/_tabbar.html" if request.path_params["part"] == "tabbar" else "kit/_nav.html"
    return render(part, **await shell_of(request, tx, who, heads) | {"path": request.query_params.get("at", "")})


async def settings_page(
    request: Request, tx: Tx, who: Principal, template: str, *, heads: dict[str, int], **context: Any
) -> str:
    """A page of the settings: the list of all of them beside it."""
    pages = request.app.state.house.settings_for(who)
    return await page(request, tx, who, template, heads=heads, pages=pages, **context)


async def page_heads(tx: Tx, who: Principal, *topics: str) -> dict[str, int]:
    """The first line of a page's handler: heads of its topics, of the reader's own and of the workspace."""
    return await read_heads(tx, who.key, f"workspace:{who.workspace_id}", *topics)


def toast(response: Response, text: str, undo: tuple[str, str] | None = None) -> Response:
    """Adds a short message to an answer; `undo` is (method, address)."""
    note = {"text": text, "undo": {"method": undo[0], "url": undo[1]} if undo else None, "error": False}
    response.headers["X-Toast"] = json.dumps(note)
    return response
