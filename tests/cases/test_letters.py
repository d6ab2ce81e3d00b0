"""Pictures of letters: those that came along are in the frame, those from elsewhere come when somebody asks."""

import base64
import io
from email.message import EmailMessage

import pytest
from PIL import Image
from starlette.applications import Starlette

from server.kit.outbound import Outbound
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.kit.test_outbound import Site, site  # noqa: F401  a fixture

FRAME = "/cases/1/messages/1/letter"


def png(colour: str = "red", comment: str = "") -> bytes:
    from PIL.PngImagePlugin import PngInfo

    out, info = io.BytesIO(), PngInfo()
    info.add_text("Comment", comment or "secret place")
    Image.new("RGB", (4, 4), colour).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def letter(html: str, *pictures: tuple[str, bytes, str]) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "h@x.example", "Look", "<p@x.example>"
    message.set_content("See the picture.")
    message.add_alternative(html, subtype="html")
    for cid, content, kind in pictures:
        html_part = message.get_payload()[1]  # type: ignore[index]
        html_part.add_related(content, "image", kind, cid=f"<{cid}>", filename=f"{cid}.{kind}")  # type: ignore[union-attr]
    return message.as_bytes()


def shown(text: str) -> list[bytes]:
    return [base64.b64decode(one.partition('"')[0]) for one in text.split("base64,")[1:]]


async def test_pictures_that_came_along_are_in_the_frame(ana: Client, take: Take) -> None:
    html = '<p>Here <img src="cid:leak@x"> and <img src="cid:fake@x"> and <img src="cid:nowhere@x"></p>'
    await take(letter(html, ("leak@x", png(), "png"), ("fake@x", b"<svg onload=alert(1)>", "png")))
    answer = await ana.get(FRAME)
    (picture,) = shown(answer.text)
    assert Image.open(io.BytesIO(picture)).size == (4, 4) and b"secret place" not in picture
    assert "svg" not in answer.text and "cid:" not in answer.text and "#picture" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "img-src data:" in policy and "sandbox" in policy and "default-src 'none'" in policy


async def test_pictures_from_elsewhere_wait_for_a_click(app: Starlette, ana: Client, take: Take, site: Site) -> None:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    content = png("blue")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    site.answers["/a.png?who=1"] = head % len(content) + content
    site.answers["/b.png"] = head % 9 + b"<svg></svg>"[:9]
    site.go("/c.png", "http://169.254.169.254/latest/meta-data")
    site.answers["/d.png"] = head % 3_000_000 + b"\x89PNG\r\n\x1a\n" + b"x" * 2_999_992
    names = ("a.png?who=1", "b.png", "c.png", "d.png", "a.png?who=1")
    await take(letter("".join(f'<img alt="{name[0]}" src="{site.url}/{name}">' for name in names)))
    assert "Show pictures from elsewhere" in (await ana.get("/cases/1")).text
    quiet = await ana.get(FRAME)
    assert site.asked == [] and shown(quiet.text) == [] and site.url not in quiet.text
    loud = await ana.get(FRAME + "?pictures=1")
    assert len(shown(loud.text)) == 2 and b"secret place" not in shown(loud.text)[0] and site.url not in loud.text
    assert len([one for one in site.asked if b"a.png" in one]) == 1  # each address once
    assert not any(b"cookie" in one.lower() or b"referer" in one.lower() for one in site.asked)


async def test_inside_addresses_are_not_asked(ana: Client, take: Take, site: Site) -> None:
    await take(letter(f'<img src="{site.url}/a.png">'))
    assert shown((await ana.get(FRAME + "?pictures=1")).text) == [] and site.asked == []


async def test_a_letter_cannot_bring_its_own_marks(ana: Client, take: Take, site: Site) -> None:
    await take(letter(f'<img src="#picture-{site.url}/x"><p>src="#picture-cid%3Ax"</p><a href="cid:x">k</a>'))
    answer = await ana.get(FRAME + "?pictures=1")
    assert site.asked == [] and 'href="cid' not in answer.text and "<img src" not in answer.text


async def test_who_may_not_see_the_case_makes_nobody_fetch(
    stranger: Client,
    take: Take,
    site: Site,
) -> None:
    await take(letter(f'<img src="{site.url}/a.png">'))
    assert (await stranger.get(FRAME + "?pictures=1")).status_code == 404 and site.asked == []


@pytest.mark.parametrize("query", ["", "?pictures=1"])
async def test_a_letter_without_html_has_an_empty_frame(ana: Client, take: Take, query: str) -> None:
    await take(Message_ID="<a@x.example>")
    assert (await ana.get(FRAME + query)).text == ""
