"""The test of a form's or a chat's place: the page of a real site is fetched, and the verdict is a plain sentence."""

import re

import pytest
from starlette.applications import Starlette

from server.channels.models import Channel
from server.kit.outbound import NullOutbound, Outbound, Reply, Unreachable
from server.portal.looking import Web, look
from tests.conftest import Client
from tests.kit.test_outbound import Site, site  # noqa: F401  a fixture
from tests.live import assert_live_equals_reload
from tests.portal.places import place

BASE = "http://test"
HTMX = {"HX-Request": "true"}
KEY = "0123456789abcdef01234567"


def answer(html: str, status: str = "200 OK") -> bytes:
    body = html.encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def way(app: Starlette, site: Site) -> Site:
    object.__setattr__(app.state.services, "outbound", Outbound(f"127.0.0.1:{site.port}"))
    return site


async def verdict(ana: Client, page: str) -> str:
    said = await ana.post("/settings/portal/1/look", data={"page": page})
    assert said.status_code == 200, said.text
    return re.sub(r"<[^>]+>", "", said.text).strip()


async def test_each_verdict(app: Starlette, ana: Client, way: Site) -> None:
    base = app.state.settings.url
    key = await place(ana, "chat", sites=way.url)
    way.answers["/"] = answer(f'<body><script async src="{base}/p/widget/{key}.js"></script></body>')
    assert await verdict(ana, f"{way.url}/") == "The chat is on this page."
    for missing in (
        "<p>Hello</p>",
        f"<!-- <script src='{base}/p/widget/{key}.js'></script> -->",
        f"/p/widget/{key}.js",
    ):
        way.answers["/"] = answer(missing)
        assert "the line above is not on it" in await verdict(ana, f"{way.url}/")
    for other in (f"{base}/p/widget/{'f' * 24}.js", f"https://evil.example/p/widget/{key}.js", f"{base}/x/{key}.js"):
        way.answers["/"] = answer(f'<script src="{other}"></script>')
        assert "the line above is not on it" in await verdict(ana, f"{way.url}/")
    assert "404" in await verdict(ana, f"{way.url}/nothing")
    assert "There is no server of this name" in await verdict(ana, "https://nothing.invalid/")
    assert "inside the house" in await verdict(ana, "http://169.254.169.254/latest/meta-data")
    assert "inside the house" in await verdict(ana, "http://[::1]/")


async def test_a_site_that_may_not_show_it(app: Starlette, ana: Client, way: Site) -> None:
    key = await place(ana, "form")
    frame = f'<iframe src="{app.state.settings.url}/p/form/{key}?lang=es"></iframe>'
    way.answers["/"] = answer(frame)
    said = await verdict(ana, f"{way.url}/")
    assert f"{way.url} is not among the sites" in said
    way.answers["/"] = answer(f'<a href="{app.state.settings.url}/p/form/{key}">Write to us</a>')
    assert await verdict(ana, f"{way.url}/") == "The form is on this page.", "a link needs no leave"
    way.answers["/"] = answer(f'{frame}<a href="{app.state.settings.url}/p/form/{key}">Write to us</a>')
    assert "is not among the sites" in await verdict(ana, f"{way.url}/")


async def test_a_redirect_ends_where_it_ends(app: Starlette, ana: Client, way: Site) -> None:
    key = await place(ana, "chat", sites=way.url)
    way.go("/", "/home")
    way.answers["/home"] = answer(f'<script src="{app.state.settings.url}/p/widget/{key}.js"></script>')
    assert await verdict(ana, f"{way.url}/") == "The chat is on this page."
    way.go("/", "http://169.254.169.254/")
    assert "inside the house" in await verdict(ana, f"{way.url}/")


async def test_a_page_without_end(ana: Client, way: Site) -> None:
    await place(ana, "chat")
    way.answers["/"] = answer("x" * (2 * 1024 * 1024 + 1))
    assert "too large" in await verdict(ana, f"{way.url}/")


async def test_the_page_is_kept_also_when_the_rest_is_saved(app: Starlette, ana: Client, way: Site) -> None:
    await place(ana, "chat")
    page = f"{way.url}/contact"
    await assert_live_equals_reload(
        app,
        ana,
        "/settings/portal",
        lambda: ana.post("/settings/portal/1/look", data={"page": page}),
        regions=("places",),
    )
    given = {"name": "Renamed", "language": "en", "zone": "UTC"}
    assert (await ana.put("/settings/portal/1", data=given)).status_code == 200
    assert f'value="{page}"' in (await ana.get("/settings/portal/1")).text


@pytest.mark.parametrize(
    "page", ["", "no address", "ftp://x.example/", "https://me:secret@x.example/", "https://ñ.example/"]
)
async def test_what_is_no_page_is_refused(ana: Client, way: Site, page: str) -> None:
    await place(ana, "chat")
    said = await ana.post("/settings/portal/1/look", data={"page": page}, headers=HTMX)
    assert said.status_code == 422 and "web address is expected" in said.text and way.asked == []


async def test_only_admins_send_it_out(ana: Client, mateo: Client, way: Site) -> None:
    await place(ana, "chat")
    assert (await mateo.post("/settings/portal/1/look", data={"page": way.url})).status_code == 403
    assert way.asked == []


@pytest.fixture(params=["real", "twin"])
async def web(request: pytest.FixtureRequest, site: Site) -> tuple[Web, str]:
    html = f'<script src="{BASE}/p/widget/{KEY}.js"></script>'
    if request.param == "twin":
        return NullOutbound({f"{site.url}/": Reply(200, "text/html", html.encode(), f"{site.url}/")}), site.url
    site.answers["/"] = answer(html)
    return Outbound(f"127.0.0.1:{site.port}"), site.url


class TestWeb:
    """The real one and its twin."""

    async def test_a_page(self, web: tuple[Web, str]) -> None:
        way, url = web
        channel = Channel(kind="chat", address=KEY, sites=[url])
        assert (await look(way, channel, BASE, f"{url}/")).outcome == "here"
        with pytest.raises(Unreachable) as large:
            await way.get(f"{url}/", 10)
        assert large.value.why == "large"

    async def test_nowhere(self, web: tuple[Web, str]) -> None:
        found = await look(web[0], Channel(kind="chat", address=KEY, sites=[]), BASE, "https://nothing.invalid/")
        assert (found.outcome, found.why) == ("unreachable", "name")


async def test_a_place_without_sites_has_its_settings_too(ana: Client) -> None:
    made = await ana.post("/settings/portal", data={"name": "Ask us", "kind": "chat"})
    assert (await ana.get(made.headers["location"])).status_code == 200
