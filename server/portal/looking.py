"""Whether a form or a chat stands on a page of the admin's site: the page is fetched as any browser would get it."""

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from server.channels.models import Channel
from server.kit.errors import Invalid
from server.kit.outbound import Reply, Unreachable
from server.portal.setup import origin_of

LARGEST = 2 * 1024 * 1024
PLACES = {("script", "src"): "chat", ("iframe", "src"): "form", ("a", "href"): "form"}


class Web(Protocol):
    async def get(self, url: str, largest: int | None = None) -> Reply:
        """Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome`: here | absent | foreign (on the page, but its site may not show it) | status | unreachable."""

    outcome: str
    site: str = ""
    status: int = 0
    why: str = ""  # a word of kit/outbound.py


async def look(web: Web, channel: Channel, base: str, page: str) -> Verdict:
    try:
        reply = await web.get(page, LARGEST)
    except Unreachable as error:
        return Verdict("unreachable", why=error.why)
    if reply.status != 200:
        return Verdict("status", status=reply.status)
    finder = Finder(channel, base, reply.url)
    finder.feed(reply.body.decode("utf-8", "replace"))
    if not finder.found:
        return Verdict("absent")
    site = _site_of(reply.url)
    is_shown = finder.is_link or site in channel.sites  # a link leads to a page of ours, from anywhere
    return Verdict("here" if is_shown else "foreign", site=site)


def _site_of(url: str) -> str:
    """Empty for one that no site can be named as, such as a bare address of the new kind."""
    try:
        return origin_of(url)
    except Invalid:
        return ""


class Finder(HTMLParser):
    """The script's tag, or a form's frame or link. What is in a comment or written by a script does not count."""

    def __init__(self, channel: Channel, base: str, page: str) -> None:
        super().__init__()
        self._kind, self._base, self._page = channel.kind, base, page
        path = f"/p/widget/{channel.address}.js" if channel.kind == "chat" else f"/p/form/{channel.address}"
        self._wanted = urlsplit(base).netloc.lower(), path
        self.found = self.is_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if PLACES.get((tag, name)) == self._kind and self._leads_here(value or ""):
                self.is_link = tag == "a" and (self.is_link or not self.found)
                self.found = True

    def _leads_here(self, address: str) -> bool:
        try:
            parts = urlsplit(urljoin(self._page, address.strip()))
        except ValueError:
            return False
        return (parts.netloc.lower(), parts.path) == self._wanted
