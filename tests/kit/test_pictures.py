"""Pictures are made anew: nothing but pixels comes through, and none is too large to open."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete
from starlette.applications import Starlette

from server.kit import pictures
from server.kit.errors import Invalid
from server.kit.pictures import FORMATS, cleaned
from server.timeline.models import File
from tests import make
from tests.conftest import Client

TOLD = b"taken at 40.4 N"


def photo(form: str, size: tuple[int, int] = (40, 20)) -> bytes:
    """Lying on its side, as the camera says, and with where it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x8825] = 6, TOLD.decode(), {1: "N", 2: (40.0, 26.0, 46.0)}
    out = io.BytesIO()
    more = {"comment": TOLD} if form == "GIF" else {"exif": exif}
    Image.new("RGB", size, "red").save(out, form, **more)
    return out.getvalue()


def opened(raw: bytes | None) -> Image.Image:
    assert raw is not None
    return Image.open(io.BytesIO(raw))


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_but_pixels_comes_through(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(photo(FORMATS[kind]))
    assert TOLD in path.read_bytes()
    clean = cleaned(path, kind)
    picture = opened(clean)
    assert TOLD not in (clean or b"") and not picture.getexif() and picture.format == FORMATS[kind]
    assert picture.size == ((40, 20) if kind == "image/gif" else (20, 40)), "the right way up"


def test_a_moving_picture_moves_on(tmp_path: Path) -> None:
    first, *rest = (Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue"))
    first.save(tmp_path / "x", "GIF", save_all=True, append_images=rest, duration=[100, 200, 300], comment=TOLD)
    clean = cleaned(tmp_path / "x", "image/gif")
    picture = opened(clean)
    assert picture.n_frames == 3 and TOLD not in (clean or b"")  # type: ignore[attr-defined]


def test_large_photos_are_halved_and_larger_pictures_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PIXELS", 10_000)
    (tmp_path / "x").write_bytes(photo("JPEG", (300, 200)))
    assert opened(cleaned(tmp_path / "x", "image/jpeg")).size == (50, 75)
    (tmp_path / "x").write_bytes(photo("PNG", (300, 200)))
    with pytest.raises(Invalid):
        cleaned(tmp_path / "x", "image/png")


def test_what_only_looks_like_a_picture_is_none(tmp_path: Path) -> None:
    for raw in (b"\x89PNG\r\n\x1a\n" + b"0" * 40, photo("PNG")[:60], photo("JPEG")):
        (tmp_path / "x").write_bytes(raw)
        assert cleaned(tmp_path / "x", "image/png") is None


async def test_uploads_are_made_anew(app: Starlette, ana: Client) -> None:
    contact = await make.contact(app)
    sent = {"files": ("photo.jpg", photo("JPEG"), "image/jpeg")}
    assert (await ana.post(f"/timeline/{contact.about}/files", files=sent)).status_code == 201
    shown = await ana.get("/files/1?inline=1")
    assert shown.headers["content-type"] == "image/jpeg" and TOLD not in shown.content
    size = (await ana.get("/api/v1/files/1")).json()["size"]
    assert size == len(shown.content)


async def test_files_that_nothing_names_are_swept(app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from server.kit import housekeeping
    from server.kit.access import system
    from server.kit.jobs import enqueue

    contact = await make.contact(app)
    for name in ("a.txt", "b.txt"):
        await ana.post(f"/timeline/{contact.about}/files", files={"files": (name, b"a")})
    folder = app.state.settings.data_dir / "files"

    async def sweep() -> int:
        async with app.state.database.transaction() as tx:
            enqueue(tx, system(0), "kit.sweep_files", {})
        await app.state.worker.drain()
        return len([path for path in folder.rglob("*") if path.is_file()])

    async with app.state.database.transaction() as tx:
        await tx.execute(delete(File).where(File.name == "b.txt"))
    assert await sweep() == 2, "an upload that has just come may still get its row"
    monkeypatch.setattr(housekeeping, "SPARED", -timedelta(hours=1))
    assert await sweep() == 1
    assert (await ana.get("/files/1")).content == b"a"
