"""Uploaded files on disk: random names outside the web root, content decides the type."""

import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from sqlalchemy.orm import InstrumentedAttribute
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse

SAFE_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}
KEY = re.compile(r"[0-9a-f]{32}")
MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)


HOLDERS: list[InstrumentedAttribute[str]] = []  # columns with keys of files


def holds_files(column: InstrumentedAttribute[str]) -> None:
    """Says that files named in this column are in use; all others are swept."""
    HOLDERS.append(column)


class Files:
    """A folder of files, each under 32 random characters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError("not a file key")
        return self._folder / key[:2] / key

    async def save(self, upload: UploadFile) -> tuple[str, int, str]:
        """Writes and syncs the upload; (key, bytes, content type by its first bytes)."""

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await upload.read(1 << 20):
                yield chunk

        return await self.write(chunks())

    async def write(self, chunks: AsyncIterator[bytes]) -> tuple[str, int, str]:
        key, total, head = secrets.token_hex(16), 0, b""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            async with await anyio.open_file(path, "wb") as file:
                async for chunk in chunks:
                    head = head or chunk[:512]
                    total += len(chunk)
                    await file.write(chunk)
                await file.flush()
                await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
        except BaseException:  # a cancelled or failed upload leaves nothing: a full disk would stay full of pieces
            path.unlink(missing_ok=True)
            raise
        return key, total, sniff(head)

    async def replace(self, key: str, content: bytes) -> int:
        """Other bytes under the same key; how many."""
        path = self.path(key)
        async with await anyio.open_file(path, "wb") as file:
            await file.write(content)
            await file.flush()
            await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
        return len(content)

    def older_than(self, moment: float) -> list[str]:
        """Keys of all files that were written before (seconds since 1970)."""
        found = (path for path in self._folder.glob("??/*") if KEY.fullmatch(path.name))
        return sorted(path.name for path in found if path.stat().st_mtime < moment)

    async def remove(self, key: str) -> None:
        await anyio.Path(self.path(key)).unlink(missing_ok=True)

    def response(self, key: str, name: str, kind: str, *, inline: bool = False) -> FileResponse:
        """A download; only plain pictures are ever shown in place."""
        shown = inline and kind in SAFE_INLINE
        return FileResponse(
            self.path(key),
            media_type=kind if shown else "application/octet-stream",
            filename=safe_name(name),
            content_disposition_type="inline" if shown else "attachment",
            headers={
                "content-security-policy": "default-src 'none'; sandbox",
                "cache-control": "private, max-age=3600",
            },
        )


def sniff(head: bytes) -> str:
    """The content type that the first bytes tell; never HTML or SVG."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "text/plain" if head and b"\x00" not in head and head.isascii() else "application/octet-stream"


def safe_name(name: str | None) -> str:
    """A file name without folders, controls and reserved characters, at most 150 characters long."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return (stem[: 140 - len(ending)] + dot + ending[:10] if dot else kept[:150]) or "file"
