"""Those who mean harm: words without a seat, forged senders, floods, descriptions of a megabyte."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.calls.ports import MediaSettings
from tests.realtime.calls.desk import Site, site
from tests.realtime.calls.test_calls import together
from tests.realtime.fakes import settled, until


@pytest.fixture
async def here(settings: MediaSettings) -> AsyncIterator[Site]:
    async with site(settings) as made:
        yield made


@pytest.mark.parametrize(
    "frame",
    [
        {"do": "state", "audio": True},
        {"do": "answer", "round": 1, "sdp": "v=0\r\ns=-\r\n"},
        {"do": "leave"},
        {"do": "digit", "digit": "1"},
    ],
)
async def test_nothing_is_said_before_joining(here: Site, frame: dict[str, Any]) -> None:
    await together(here, 1)
    stranger = await here.member(4)
    await stranger.socket.send(json.dumps({"t": "call", "call": "room", **frame}))
    assert (await stranger.hear("err"))["code"] == "join"
    assert set(here.room.people) == {1}


@pytest.mark.parametrize("call", ["other", "x" * 64])
async def test_a_call_that_is_not_there_and_one_that_is_not_for_me_look_alike(here: Site, call: str) -> None:
    here.book.away.add(4)
    told = []
    for name in (call, "room"):
        stranger = await (await here.member(4, call=name)).join()
        told.append({key: value for key, value in stranger.frames("no")[0].items() if key != "call"})
    assert told[0] == told[1] == {"t": "call", "do": "no", "why": "away"}


async def test_the_sender_is_the_socket(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    for forged in ({"from": 1}, {"who": 1}, {"participant": 1}, {"at": ["x", 1]}):
        await ben.socket.send(json.dumps({"t": "call", "call": "room", "do": "state", "hand": True, **forged}))
    await until(lambda: len(ben.frames("err")) == 4)
    await ben.say("leave")
    await ana.hear("people", left=[{"id": 2, "reason": "left"}])
    assert set(here.room.people) == {1}


async def test_a_thousand_candidates_a_second(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    line = "candidate:1 1 udp 2130706431 203.0.113.9 {} typ host"
    for port in range(150):
        await ben.say("candidate", round=1, candidate=line.format(10_000 + port), mid="0")
    assert (await ben.hear("err"))["code"] == "candidates"
    peer = here.calls.host.owned["room"].media._peers[2]  # type: ignore[union-attr,attr-defined]
    assert peer._candidates <= 64
    await ana.hears(2)
    for port in range(850):  # and then the socket itself has had enough
        try:
            await ben.say("candidate", round=1, candidate=line.format(20_000 + port), mid="0")
        except Exception:
            break
    await until(lambda: ben.socket.close_code is not None)
    assert ben.socket.close_code == 4429
    await ana.hears(2)


async def test_a_megabyte_and_injected_lines(here: Site) -> None:
    ana, ben = await together(here, 1, 2)
    await ben.say("answer", round=1, sdp="v=0\r\n" + f"a={'x' * 700}\r\n" * 100)
    assert (await ben.hear("err"))["code"] == "size"
    await ben.say("answer", round=1, sdp="v=0\r\na=x\ry=evil\r\n")
    await ben.hear("err", code="bad")
    await ana.hears(2)
    with pytest.raises(Exception):  # noqa: B017  whichever way the socket ends
        await ben.say("answer", round=1, sdp="v=0\r\n" + "a=x\r\n" * 200_000)
        await ben.socket.wait_closed()
        raise ConnectionError
    await settled()
    await ana.hears(2)


async def test_joining_again_and_again_is_slowed_down(here: Site) -> None:
    ben = await here.member(2, video=False)
    for _ in range(20):
        await ben.say("join")
    await ben.hear("no", why="later")
    assert here.book.asked["seat"] <= 6
