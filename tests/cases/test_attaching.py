"""Files in replies: kept with the draft, sent with the letter, shown in the thread, back in the draft when undone."""

from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from starlette.applications import Starlette

from server.channels.incoming import read_letter
from server.kit.mail import SmtpMailer
from tests import needs
from tests.cases.conftest import Take
from tests.cases.test_sending import REPLY, Inbox, pass_time
from tests.conftest import Client
from tests.kit.test_pictures import photo
from tests.live import assert_live_equals_reload

FILE = ("files", ("Año 2026.pdf", b"%PDF-1.7 words", "application/pdf"))


@pytest.fixture
async def case(take: Take, ana: Client) -> None:
    await take(Message_ID="<a@x.example>")


async def attach(client: Client, *files: tuple[str, tuple[str, bytes, str]]) -> str:
    answer = await client.post("/cases/1/files", files=list(files))
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_files_go_with_the_reply(app: Starlette, ana: Client, mateo: Client, case: None) -> None:
    shown = await attach(ana, FILE, ("files", ("b.txt", b"words", "text/plain")))
    assert "Año 2026.pdf" in shown and "b.txt" in shown
    assert "Año 2026.pdf" in (await ana.get("/cases/1")).text  # after a reload
    assert "Año 2026.pdf" not in (await mateo.get("/cases/1")).text  # one's own draft
    assert (await ana.delete("/cases/1/files/2")).status_code == 200
    inbox, port = Inbox(), needs.free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    object.__setattr__(app.state.services, "mailer", SmtpMailer(f"smtp://127.0.0.1:{port}", "x@nogal.example"))
    answer = await ana.post("/cases/1/messages", data=REPLY)
    assert answer.status_code == 201 and 'hx-target="#case-1-attached"' in answer.text
    await pass_time(app)
    controller.stop()
    read = read_letter(message_from_bytes(inbox.letters[0].as_bytes()).as_bytes())
    assert [(one.name, one.content) for one in read.attachments] == [("Año 2026.pdf", b"%PDF-1.7 words")]
    page = (await mateo.get("/cases/1")).text
    assert "Año 2026.pdf" in page and "/case-files/1" in page
    assert (await mateo.get("/case-files/1")).content == b"%PDF-1.7 words"


async def test_a_reply_taken_back_gives_its_files_back(ana: Client, case: None) -> None:
    await attach(ana, FILE)
    await ana.post("/cases/1/messages", data=REPLY)
    assert (await ana.delete("/cases/1/messages/2")).status_code == 200
    page = (await ana.get("/cases/1")).text
    assert 'hx-delete="/cases/1/files/' in page and "/case-files/" not in page


async def test_they_appear_on_other_screens(app: Starlette, ana: Client, mateo: Client, case: None) -> None:
    await attach(ana, FILE)
    await assert_live_equals_reload(
        app, mateo, "/cases/1", lambda: ana.post("/cases/1/messages", data=REPLY), regions=("case-1-thread",)
    )


async def test_there_is_a_most(ana: Client, case: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cases.attaching.LARGEST", 20)
    await attach(ana, FILE)
    answer = await ana.post("/cases/1/files", files=[FILE])
    assert answer.status_code == 422 and "together" in answer.text
    assert (await ana.post("/cases/1/files", files=[("other", ("a", b"a", "text/plain"))])).status_code == 422


async def test_nobody_else_takes_them_away(ana: Client, mateo: Client, stranger: Client, case: None) -> None:
    await attach(ana, FILE)
    assert (await mateo.delete("/cases/1/files/1")).status_code == 404
    assert (await stranger.delete("/cases/1/files/1")).status_code == 404
    assert (await stranger.post("/cases/1/files", files=[FILE])).status_code == 404


async def test_a_picture_is_made_anew(app: Starlette, ana: Client, case: None) -> None:
    await attach(ana, ("files", ("photo.jpg", photo("JPEG"), "image/jpeg")))
    (path,) = app.state.services.files.path("00").parent.parent.glob("??/*")
    assert b"Exif" not in path.read_bytes()
