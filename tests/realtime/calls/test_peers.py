"""Connections that fail, and the addresses they are offered at."""

from pathlib import Path

import pytest

from realtime.calls.addresses import with_public, without_hidden
from realtime.calls.ports import MediaSettings
from tests.realtime.calls.conftest import everybody_hears, plan
from tests.realtime.calls.scripted import Table
from tests.realtime.calls.test_sfu import seated, sit
from tests.realtime.fakes import until


async def test_who_does_not_answer_is_told_so(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.calls.peers.PATIENCE", 0.05)
    sit(table, 1)
    table.silent.add(1)
    table.sfu.apply(plan(1))
    await until(lambda: table.failures == {1: "answer"})


@pytest.mark.parametrize(
    "sdp", ["v=0\r\n", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 X 96\r\n", "nonsense"]
)
async def test_a_bad_answer_fails_alone(table: Table, sdp: str) -> None:
    await seated(table, 1)
    table.silent.add(2)
    sit(table, 2)
    table.sfu.apply(plan(1, 2))
    await until(lambda: table.frames[2])
    table.sfu.answered(2, 99, sdp)  # of a round that never was
    assert not table.failures
    table.sfu.answered(2, table.frames[2][-1]["round"], sdp)
    await until(lambda: table.failures == {2: "answer"})


async def test_a_path_that_is_not_there_is_named(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.calls.peers.PATIENCE", 0.5)
    sit(table, 1)
    table.silent.add(1)
    table.sfu.apply(plan(1))
    await until(lambda: table.frames[1])
    answer = await table.callers[1].answer(table.frames[1][-1])
    deaf = "\r\n".join(line for line in answer.split("\r\n") if not line.startswith("a=candidate"))
    await table.callers[1].close()
    table.callers[1].connection = None
    table.sfu.answered(1, table.frames[1][-1]["round"], deaf)
    await until(lambda: table.failures == {1: "path"})


async def test_only_ports_of_the_range_are_bound(table: Table) -> None:
    table.sfu._settings = MediaSettings(Path("x"), bind="127.0.0.1", ports=(41230, 41239), address="203.0.113.9")
    await seated(table, 1, 2, video=False)
    await everybody_hears(table, 1, 2)
    offer = table.frames[1][-1]["sdp"]
    lines = [line.split(" ") for line in offer.split("\r\n") if line.startswith("a=candidate:")]
    assert {parts[4] for parts in lines} == {"127.0.0.1", "203.0.113.9"}
    assert all(41230 <= int(parts[5]) <= 41239 for parts in lines)


async def test_an_address_that_is_not_ours_is_named(table: Table) -> None:
    table.sfu._settings = MediaSettings(Path("x"), bind="203.0.113.9", ports=(41230, 41239))
    sit(table, 1)
    table.sfu.apply(plan(1))
    await until(lambda: table.failures == {1: "ports"})


def test_the_public_address_stands_beside_the_local_one() -> None:
    sdp = "v=0\r\na=candidate:1 1 udp 2130706431 192.0.2.2 40001 typ host\r\na=candidate:2 1 udp 5 fd00::2 40002 typ host\r\n"
    lines = with_public(sdp, "198.51.100.7").split("\r\n")
    assert lines[2] == "a=candidate:1p 1 udp 2130706430 198.51.100.7 40001 typ host"
    assert len(lines) == 5
    assert with_public(sdp, "") == sdp


def test_hidden_names_and_ends_are_left_out_of_answers() -> None:
    kept = "a=candidate:1 1 udp 5 192.0.2.2 40001 typ host"
    sdp = f"v=0\r\n{kept}\r\na=candidate:2 1 udp 5 ab-12.local 9 typ host\r\na=end-of-candidates\r\n"
    assert without_hidden(sdp) == f"v=0\r\n{kept}\r\n"
