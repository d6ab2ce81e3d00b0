"""Pictures made anew from their pixels: no EXIF, no place, no comment, the right way up, never too large to open."""

import io
from functools import partial
from pathlib import Path

import anyio
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from server.kit.errors import Invalid
from server.kit.text import _

PIXELS = 40_000_000  # that one picture, or all its frames together, may take in memory
FRAMES = 300
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError)
Image.MAX_IMAGE_PIXELS = None  # `fit` looks at the size before any pixel is read

_one_at_a_time = anyio.CapacityLimiter(1)


async def clean_picture(path: Path, kind: str) -> bytes | None:
    """The picture's bytes, made anew; None when it cannot be read as what it says it is."""
    return await anyio.to_thread.run_sync(partial(cleaned, path, kind), limiter=_one_at_a_time)


def cleaned(path: Path, kind: str) -> bytes | None:
    try:
        with Image.open(path, formats=(FORMATS[kind],)) as image:
            fit(image)
            return _anew(image, FORMATS[kind])
    except UNREADABLE:
        return None


def fit(image: Image.Image) -> None:
    """A photo of a large camera is read at a half or a quarter of its size; what still takes too much is refused."""
    frames = getattr(image, "n_frames", 1)
    by = next((by for by in (1, 2, 4) if image.width * image.height <= PIXELS * by * by), 8)
    if image.format == "JPEG" and by > 1:
        image.draft(None, (image.width // by, image.height // by))
    if frames > FRAMES or image.width * image.height * frames > PIXELS:
        raise Invalid(picture=_("This picture is too large: at most %(n)s million pixels") % {"n": PIXELS // 10**6})


def _anew(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    colours = {"icc_profile": image.info["icc_profile"]} if image.info.get("icc_profile") else {}
    if getattr(image, "is_animated", False) and form in ("GIF", "WEBP"):
        shown = [(frame.convert("RGBA"), frame.info.get("duration", 100)) for frame in ImageSequence.Iterator(image)]
        first, *rest = (frame for frame, _pause in shown)
        for frame in (first, *rest):
            frame.info = {}
        pauses, loop = [pause for _frame, pause in shown], image.info.get("loop", 0)
        first.save(out, form, save_all=True, append_images=rest, duration=pauses, loop=loop)
        return out.getvalue()
    plain = ImageOps.exif_transpose(image)
    plain.info = {key: value for key, value in plain.info.items() if key == "transparency"}
    if form == "JPEG":
        plain = plain if plain.mode in ("RGB", "L") else plain.convert("RGB")
        plain.save(out, form, quality=90, optimize=True, exif=b"", **colours)
    elif form == "WEBP":
        plain.save(out, form, quality=90, exif=b"", **colours)
    else:
        plain.save(out, form, **({"optimize": True} | colours if form == "PNG" else {}))
    return out.getvalue()
