"""The server under load, alone in its process: a room, its sockets and its media. Prints its address and waits."""

import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from realtime.calls.ports import MediaSettings
from tests.realtime.calls.desk import site


async def carry(bind: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tertulia-bench-") as folder:
        async with site(MediaSettings(Path(folder), bind=bind)) as here:
            print(here.address, flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(carry(sys.argv[1]))
