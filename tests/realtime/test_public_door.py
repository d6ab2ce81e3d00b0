"""The public door: nobody is anybody before the first frame, and presence stays among members."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime import socket as endpoint
from realtime.hub import Hub
from realtime.socket import live_route, public_route
from tests.realtime.fakes import TOKEN, FakeDoors, FakeSource, until
from tests.realtime.live_server import browsing, serving

T = "contact:7"


@pytest.fixture
async def live(hub: Hub, doors: FakeDoors) -> AsyncIterator[str]:
    async with serving(live_route(hub, doors), public_route(hub, doors)) as url:
        yield url


async def test_who_says_its_token_hears_its_topics(live: str, hub: Hub, source: FakeSource) -> None:
    source.commit(T)
    async with browsing(f"{live}/p/live") as guest:
        await guest.say(t="auth", token=TOKEN)
        await guest.say(t="sub", topics={T: 0})
        assert await guest.take("ok") == {"t": "ok", "topics": {T: 1}}
        assert [frame["t"] for frame in guest.seen] == ["p", "ok"]
    await until(lambda: hub.connections == 0)


@pytest.mark.parametrize(
    "word",
    [
        {"t": "auth", "token": "x" * 43},
        {"t": "auth", "token": "short"},
        {"t": "auth", "token": TOKEN, "as": 5},
        {"t": "auth", "token": 5},
        {"t": "sub", "topics": {T: 0}},
    ],
)
async def test_who_does_not_is_sent_away(live: str, hub: Hub, word: dict[str, Any]) -> None:
    async with browsing(f"{live}/p/live") as stranger:
        await stranger.say(**word)
        assert await stranger.closed() == 4401
        assert stranger.seen == []
    assert hub.connections == 0


async def test_who_says_nothing_is_sent_away(live: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "INTRODUCTION", 0.05)
    async with browsing(f"{live}/p/live") as silent:
        assert await silent.closed() == 4401


async def test_presence_stays_among_members(live: str, hub: Hub) -> None:
    async with browsing(f"{live}/live") as ada, browsing(f"{live}/p/live") as guest:
        await guest.say(t="auth", token=TOKEN)
        for person in (ada, guest):
            await person.say(t="sub", topics={T: None})
            await person.take("ok")
        await ada.say(t="at", topic=T)
        await ada.say(t="typing", topic=T)
        await ada.take("who")
        for word in ("at", "typing"):  # on a customer's topic they may say that they write: tests/portal/test_frames.py
            await guest.say(t=word, topic=T)
            assert (await guest.take("err"))["code"] == "unknown"
        assert {frame["t"] for frame in guest.seen} == {"ok", "err"}
        assert "typing" not in {frame["t"] for frame in ada.seen}
