"""A program that knows RFC 6455 by heart talks to our WebSocket protocol (P17)."""

import logging

import pytest
from kosoku import FailureError, run_fuzzingclient
from kosoku._kosoku import CaseResult
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.realtime.live_server import serving

CASES = 247
SPEED, COMPRESSION = "9.*", ("12.*", "13.*")  # these measure, they do not judge


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while (event := await websocket.receive())["type"] == "websocket.receive":
            if event.get("text") is not None:
                await websocket.send_text(event["text"])
            else:
                await websocket.send_bytes(event["bytes"])
    except WebSocketDisconnect:
        return  # the program closed without waiting for its echo


async def run(url: str, **which: object) -> list[CaseResult]:
    try:
        return await run_fuzzingclient(f"{url}/", **which)
    except FailureError as failure:
        return list(failure.results)


async def test_every_case_passes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)  # uvicorn writes a trace for every broken letter it refuses
    async with serving(WebSocketRoute("/", echo)) as url:
        results = await run(url, exclude_cases=[SPEED, *COMPRESSION], concurrency=4)
        # The cases have time limits of their own, which a machine that does other things too may miss: once more alone.
        failed = [result.case_id for result in results if not result.passed]
        again = await run(url, cases=failed) if failed else []
    assert [result.case_id for result in again if not result.passed] == []
    assert len(results) == CASES
