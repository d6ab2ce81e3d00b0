"""Janus, where it is installed, under the same load: three publish, each subscribes to the other two."""

import asyncio
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy
from websockets.asyncio.client import ClientConnection, connect

from tests.realtime.calls.scripted import Caller, Heard

PORT, ROOM = 8638, 1234
OTHERS = ("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay")
OTHERS += ("sip", "streaming", "textroom", "videocall", "voicemail")
LIBRARY = "/usr/lib/x86_64-linux-gnu/janus"
MAIN = """general: { configs_folder = "%s" plugins_folder = "%s/plugins" transports_folder = "%s/transports"
 events_folder = "%s/events" loggers_folder = "%s/loggers" debug_level = 2 session_timeout = 0 }
plugins: { disable = "%s" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so" }
"""
SOCKETS = 'general: { json = "compact" ws = true ws_port = %d wss = false ws_ip = "127.0.0.1" }\n'
VIDEOROOM = """room-1234: { description = "load" publishers = 10 bitrate = 0 audiocodec = "opus" videocodec = "vp8"
 require_pvtid = false }
"""


@contextlib.asynccontextmanager
async def janus() -> AsyncIterator[subprocess.Popen[bytes]]:
    path = shutil.which("janus")
    assert path is not None
    with tempfile.TemporaryDirectory(prefix="tertulia-janus-") as folder:
        home = Path(folder)
        (home / "janus.jcfg").write_text(
            MAIN % (folder, *[LIBRARY] * 4, ",".join(f"libjanus_{name}.so" for name in OTHERS))
        )
        (home / "janus.transport.websockets.jcfg").write_text(SOCKETS % PORT)
        (home / "janus.plugin.videoroom.jcfg").write_text(VIDEOROOM)
        words = [path, "--configs-folder", folder, "--config", str(home / "janus.jcfg")]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)


class Talk:
    """The Janus API over one WebSocket: requests and the events that answer them."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.session = 0
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls) -> "Talk":
        async with asyncio.timeout(10):
            while True:
                try:
                    socket = await connect(f"ws://127.0.0.1:{PORT}", subprotocols=["janus-protocol"])  # type: ignore[list-item]
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        talk = cls(socket)
        talk.session = (await talk.ask(janus="create"))["data"]["id"]
        return talk

    async def _read(self) -> None:
        async for text in self._socket:
            said = json.loads(text)
            waiting = self._waiting.get(said.get("transaction", ""))
            if waiting is not None and said["janus"] != "ack" and not waiting.done():
                waiting.set_result(said)

    async def ask(self, **members: Any) -> dict[str, Any]:
        number = str(next(self._numbers))
        self._waiting[number] = asyncio.get_running_loop().create_future()
        session = {"session_id": self.session} if self.session else {}
        await self._socket.send(json.dumps({"transaction": number, **session, **members}))
        async with asyncio.timeout(10):
            return await self._waiting[number]

    async def handle(self) -> int:
        found: int = (await self.ask(janus="attach", plugin="janus.plugin.videoroom"))["data"]["id"]
        return found

    async def message(self, handle: int, jsep: RTCSessionDescription | None = None, **body: Any) -> dict[str, Any]:
        extra = {"jsep": {"type": jsep.type, "sdp": jsep.sdp}} if jsep else {}
        return await self.ask(janus="message", handle_id=handle, body=body, **extra)

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.wait([self._task])


class JanusCaller:
    """One person: a connection to publish with, one to watch the others."""

    def __init__(self, talk: Talk, width: int, height: int) -> None:
        self.talk = talk
        self.media = Caller(width=width, height=height)
        self.out = connection()
        self.into = connection()
        self.heard: list[Heard] = []
        self.feed = 0

    async def publish(self) -> None:
        handle = await self.talk.handle()
        joined = await self.talk.message(handle, request="join", ptype="publisher", room=ROOM)
        self.feed = joined["plugindata"]["data"]["id"]
        self.out.addTrack(self.media.audio)
        assert self.media.camera is not None
        self.out.addTrack(self.media.camera)
        await self.out.setLocalDescription(await self.out.createOffer())
        answered = await self.talk.message(handle, self.out.localDescription, request="publish")
        await self.out.setRemoteDescription(RTCSessionDescription(answered["jsep"]["sdp"], "answer"))

    async def watch(self, feeds: list[int]) -> None:
        handle = await self.talk.handle()
        streams = [{"feed": feed} for feed in feeds]
        join = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams}
        async with asyncio.timeout(10):
            while "jsep" not in (offered := await self.talk.message(handle, **join)):
                await asyncio.sleep(0.1)  # a feed is there when its media is
        await self.into.setRemoteDescription(RTCSessionDescription(offered["jsep"]["sdp"], "offer"))
        for transceiver in self.into.getTransceivers():
            self.heard.append(Heard(transceiver.kind))
            vars(transceiver.receiver)["_RTCRtpReceiver__jitter_buffer"] = self.heard[-1]
        await self.into.setLocalDescription(await self.into.createAnswer())
        await self.talk.message(handle, self.into.localDescription, request="start")

    async def close(self) -> None:
        await self.out.close()
        await self.into.close()


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
