"""Four members of one call, alone in their process: they replay pictures and sound until standard input ends.

python -m bench.calls.four ADDRESS ROOM TOKEN…   prints "in" when all of them hear and see each other, then at the end
how many packets came a second.
"""

import asyncio
import contextlib
import fractions
import functools
import random
import sys
import time

import av
import uvloop
from websockets.asyncio.client import connect

from bench.calls.shared import HEIGHT, WIDTH, heard_by
from tests.realtime.calls.desk import Member
from tests.realtime.calls.scripted import FPS, Replay, opus

PATIENCE = 60.0


@functools.cache
def pictures() -> tuple[bytes, ...]:
    """Twenty a second of somebody before a wall: about 600 kbit/s, a key frame every five seconds."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = (
        fractions.Fraction(1, FPS),
        fractions.Fraction(FPS),
        600_000,
    )
    encoder.gop_size = 5 * FPS
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    noise = random.Random(7)
    data: list[bytes] = []
    for number in range(5 * FPS):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            rows = [bytes([(row + 3 * number) % 200 + 20]) * plane.line_size for row in range(plane.height)]
            rows[:16] = [noise.randbytes(plane.line_size) for _row in range(16)]
            plane.update(b"".join(rows)[: plane.buffer_size])
        frame.pts = number
        data += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(data)


async def come_in(member: Member) -> Member:
    """As pages do: a knock that nobody heard, or that came too early, is made again."""
    async with asyncio.timeout(PATIENCE):
        while not member.frames("welcome"):
            with contextlib.suppress(TimeoutError):
                await member.join()
    return member


async def sit(address: str, room: str, tokens: list[str]) -> None:
    members, camera = [], pictures()  # encoded before anybody sits down
    opus()
    for token in tokens:
        headers = {"authorization": f"Bearer {token}"}
        socket = await connect(f"{address}/live", additional_headers=headers, max_size=None, close_timeout=1)
        member = Member(socket, 0, room, video=False)
        member.video = True
        member.caller.camera = Replay("video", camera)
        members.append(await come_in(member))
        member.me = (await member.hear("welcome"))["me"]
    async with asyncio.timeout(PATIENCE):
        while not all(each.packets > 20 for each in heard_by(members)):
            await asyncio.sleep(0.1)
    print("in", flush=True)
    begun, before = time.perf_counter(), sum(each.packets for each in heard_by(members))
    await asyncio.to_thread(sys.stdin.read)
    came = sum(each.packets for each in heard_by(members)) - before
    print(f"{came / (time.perf_counter() - begun):.0f}", flush=True)
    for member in members:
        await member.close()


if __name__ == "__main__":
    uvloop.run(sit(sys.argv[1], sys.argv[2], sys.argv[3:]))
