"""A piece of a recorded file: at most four MiB an answer, so that rights are asked again for the next one."""

import re
from pathlib import Path

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE = 4 * 1024 * 1024
CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")


def piece_of(wanted: str, size: int) -> tuple[int, int] | None:
    """(first, last) byte of the first range asked for, shortened to a piece; None when it lies outside."""
    match = _RANGE.match(wanted.partition(",")[0].strip())
    first, last = match.groups() if match else ("", "")
    if not first and last:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first or 0), int(last) if last else size - 1
    end = min(end, size - 1, start + PIECE - 1)
    return (start, end) if start <= end else None


class FilePart(Response):
    """Read when it is sent, which is after the transaction that asked for the right. Never kept by anybody."""

    def __init__(self, path: Path, kind: str, wanted: str) -> None:
        super().__init__(media_type=kind)
        self._path, self._kind, self._wanted = path, kind, wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            size = (await anyio.Path(self._path).stat()).st_size
        except FileNotFoundError:
            return await Response(status_code=404)(scope, receive, send)
        piece = piece_of(self._wanted, size)
        if piece is None:
            return await Response(status_code=416, headers={"content-range": f"bytes */{size}"})(scope, receive, send)
        await self._send(send, size, *piece)

    async def _send(self, send: Send, size: int, first: int, last: int) -> None:
        whole = not self._wanted and last == size - 1
        headers = {
            "content-type": self._kind,
            "content-length": str(last - first + 1),
            "content-encoding": "identity",  # never packed: positions count the file's own bytes
            "accept-ranges": "bytes",
            "cache-control": "no-store",
            "content-security-policy": "default-src 'none'; sandbox",
        }
        if not whole:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200 if whole else 206, "headers": raw})
        async with await anyio.open_file(self._path, "rb") as file:
            await file.seek(first)
            left = last - first + 1
            while left > 0 and (chunk := await file.read(min(CHUNK, left))):
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
