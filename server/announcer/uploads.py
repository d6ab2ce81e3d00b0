"""Sound files of admins: read before the transaction, encoded anew by a process of its own."""

import asyncio
import secrets
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.datastructures import UploadFile
from starlette.requests import Request

from server.announcer.access import must_be_admin
from server.kit.access import Principal
from server.kit.errors import Invalid
from server.kit.text import _

BIGGEST = 10 * 1024 * 1024
PATIENCE = 60.0


async def take_sound(request: Request, who: Principal) -> None:
    """`before` of a route: `request.state.sound` is the key of the new file, or ""."""
    upload = request.state.form.get("sound")
    request.state.sound = ""
    if not isinstance(upload, UploadFile) or not upload.size:
        return
    must_be_admin(who)
    if upload.size > BIGGEST:
        raise Invalid(sound=_("At most %(n)s MB") % {"n": BIGGEST // 1024 // 1024})
    key = secrets.token_hex(16)
    target = request.app.state.services.files.path(key)
    with NamedTemporaryFile(suffix=".sound") as given:
        given.write(await upload.read())
        given.flush()
        await _encode(given.name, target)
    request.state.sound = key


async def _encode(source: str, target: Path) -> None:
    await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.announcer.encoding", source, str(target),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            code = await child.wait()
    except TimeoutError:
        code = 1
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if code != 0:
        target.unlink(missing_ok=True)
        raise Invalid(sound=_("This is no WAV, MP3, Ogg, FLAC, M4A or WebM sound of at most three minutes"))
