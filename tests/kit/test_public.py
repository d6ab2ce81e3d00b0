"""Passes and the public surface: exact topics, revoked at once, and no member's cookie is ever looked at."""

from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from server.identity.doors import LiveDoors
from server.kit.access import system
from server.kit.clock import frozen
from server.kit.db import Tx
from server.kit.passes import make_pass, revoke_passes
from server.kit.public import Visitor, public_route
from tests import make


class Socket:
    """What a door looks at."""

    def __init__(self, **headers: str) -> None:
        self.headers = {"host": "127.0.0.1:8000"} | headers


def doors_of(app: Starlette) -> LiveDoors:
    return LiveDoors(app.state.database, app.state.house, app.state.settings)


async def given(app: Starlette, *topics: str, hours: float = 1) -> str:
    async with app.state.database.transaction() as tx:
        who = system(1)
        _made, token = await make_pass(tx, who, "guest", "door:1", topics, name="Noor", language="es", hours=hours)
    return token


async def admitted(app: Starlette, token: str, **headers: str) -> Visitor | None:
    socket: Any = Socket(**headers)
    return await doors_of(app).admit(socket, token)


async def test_a_pass_opens_its_topics_and_no_other(app: Starlette, ana: httpx.AsyncClient) -> None:
    visitor = await admitted(app, await given(app, "call:7:all"))
    assert visitor is not None and (visitor.who.kind, visitor.variant, visitor.is_member) == ("guest", "es", False)
    assert not visitor.who.may_write
    asked = {"call:7:all", "call:7", "call:7:team", "contact:7", "contacts:1", "user:1", "workspace:1"}
    assert await doors_of(app).may_listen(visitor, asked) == {"call:7:all"}


async def test_a_wrong_old_or_revoked_one_opens_nothing(app: Starlette, ana: httpx.AsyncClient) -> None:
    token = await given(app, "call:7:all")
    visitor = await admitted(app, token)
    assert visitor is not None
    assert await admitted(app, token[:-1]) is None
    assert await admitted(app, token, origin="https://elsewhere.example") is None
    with frozen() as clock:
        clock.forward(hours=2)
        assert await admitted(app, token) is None
    async with app.state.database.transaction() as tx:
        await revoke_passes(tx, 2, ["door:1"])
    assert await doors_of(app).again(visitor) is not None, "another workspace's business"
    async with app.state.database.transaction() as tx:
        await revoke_passes(tx, 1, ["door:1"])
    await app.state.relay.drain()
    assert await admitted(app, token) is None
    assert await doors_of(app).again(visitor) is None
    (fact,) = await make.facts(app, "pass.revoked")
    assert fact.subject == visitor.key, "who listens with it is asked again"


async def test_public_routes_know_no_member(
    app: Starlette, ana: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hello(request: Request, tx: Tx) -> str:
        assert not hasattr(request.state, "who")
        return "<!doctype html><p>hello</p>"

    async def nobody(*_: object) -> None:
        raise AssertionError("a member was asked for")

    app.router.routes.insert(0, public_route("GET", "/p/hello", hello))
    monkeypatch.setattr(app.state, "authenticate", nobody)
    answer = await ana.get("/p/hello")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


async def test_an_error_page_asks_nobody_either(
    app: Starlette, ana: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(*_: object) -> None:
        raise AssertionError("a member was asked for")

    monkeypatch.setattr(app.state, "authenticate", nobody)
    for answer in (await ana.get("/p/nothing"), await ana.post("/p/case/messages", data={"text": "x"})):
        assert answer.status_code == 404 and "Ana" not in answer.text and "/signout" not in answer.text


def test_only_p_is_public() -> None:
    with pytest.raises(AssertionError):
        public_route("GET", "/contacts", None)  # type: ignore[arg-type]


async def test_every_route_under_p_is_a_public_one(app: Starlette) -> None:
    """And none of them sits elsewhere: the door is told by its address."""
    under = [route for route in app.routes if getattr(route, "path", "").startswith("/p/")]
    assert {route.endpoint.__module__ for route in under} <= {"server.kit.public", "realtime.socket"}  # type: ignore[attr-defined]
    elsewhere = [route for route in app.routes if route not in under and hasattr(route, "endpoint")]
    assert "server.kit.public" not in {route.endpoint.__module__ for route in elsewhere}
