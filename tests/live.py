"""A browser in miniature: a page, the patches it received, and the page that a reload would show."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import httpx2 as httpx
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.kit.events import EventRow
from server.kit.patches import PatchSource
from tests.early import no_early_words

VOID = {"meta", "link", "input", "br", "hr", "img", "use", "path", "circle", "rect", "ellipse"}
BODY = {"outerMorph": "replace", "beforeend": "append", "afterbegin": "prepend", "delete": "remove"}


class Node:
    def __init__(self, tag: str, attrs: dict[str, str | None]) -> None:
        self.tag, self.attrs = tag, attrs
        self.children: list[Node | str] = []

    def walk(self) -> "Iterator[Node]":
        """In the order of the page."""
        waiting: list[Node] = [self]
        while waiting:
            yield (node := waiting.pop())
            waiting += [child for child in reversed(node.children) if isinstance(child, Node)]

    def find(self, id: str) -> "Node | None":
        return next((node for node in self.walk() if node.attrs.get("id") == id), None)

    def parent_of(self, node: "Node") -> "Node":
        return next(one for one in self.walk() if node in one.children)

    def text(self) -> str:
        return " ".join(child if isinstance(child, str) else child.text() for child in self.children)

    def said(self) -> list[tuple[str, str | None]]:
        return sorted(((name, value) for name, value in self.attrs.items() if name not in IGNORED), key=str)

    def dump(self) -> Any:
        return self.tag, self.said(), [c if isinstance(c, str) else c.dump() for c in self.children]


IGNORED = ("data-topics", "data-by", "nonce", "content", "selected")  # heads move on; authorship only colours the flash


class Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("root", {})
        self.stack = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.stack[-1].children.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            while len(self.stack) > 1 and self.stack.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if text := re.sub(r"\s+", " ", data).strip():
            self.stack[-1].children.append(text)


def parse(html: str) -> Node:
    builder = Builder()
    builder.feed(html)
    return builder.root


class Screen:
    """One person's page and its topics, kept up to date the way the browser does it."""

    def __init__(self, app: Starlette, client: httpx.AsyncClient, url: str, language: str = "en") -> None:
        self.app, self.client, self.url, self.language = app, client, url, language
        self.page = Node("root", {})
        self.since: dict[str, int] = {}
        self.fresh: Screen | None = None  # the same page, as it was loaded afterwards

    async def load(self) -> None:
        answer = await self.client.get(self.url)
        assert answer.status_code == 200, answer.text
        self.page = parse(answer.text)
        self.since = {}
        for node in self.page.walk():
            for topic, n in json.loads(node.attrs.get("data-topics") or "{}").items():
                self.since[topic] = min(n, self.since.get(topic, n))

    async def catch_up(self) -> int:
        """Applies what every topic of the page published since; how many patches and refreshes came."""
        source, came = PatchSource(self.app.state.database), 0
        for topic, since in self.since.items():
            messages = await source.replay(topic, since, (self.language,))
            assert messages is not None, f"{topic} cannot be replayed since {since}"
            for message in messages:
                came += await self._apply(message.bodies.get(self.language, b""))
                self.since[topic] = message.n
        return came

    async def _apply(self, body: bytes) -> int:
        members = json.loads(b"{" + body + b"}") if body else {}
        partials = [node for node in parse(members.get("html", "")).children if isinstance(node, Node)]
        for partial in partials:
            apply(self.page, partial)
        for region in members.get("regions", []):
            await self._refresh(region)
        return len(partials) + len(members.get("regions", []))

    async def _refresh(self, region: str) -> None:
        old = self.page.find(region)
        if old is None:
            return
        answer = await self.client.get(old.attrs.get("data-src") or self.url)
        fresh = parse(answer.text).find(region)
        siblings = self.page.parent_of(old).children
        siblings[siblings.index(old)] = fresh or Node("gone", {})


def apply(page: Node, partial: Node) -> None:
    """One <hx-partial>; idempotent, and silent about targets that are not shown."""
    target = page.find((partial.attrs.get("hx-target") or "").removeprefix("#"))
    if target is None:
        return
    swap = BODY[partial.attrs.get("hx-swap") or "outerMorph"]
    siblings = page.parent_of(target).children
    match swap:
        case "replace":
            at = siblings.index(target)
            siblings[at : at + 1] = partial.children
        case "remove":
            siblings.remove(target)
        case _:
            for child in partial.children:
                known = page.find(child.attrs.get("id") or "") if isinstance(child, Node) else None
                if known is not None:
                    around = page.parent_of(known).children
                    around[around.index(known)] = child
                elif swap == "append":
                    target.children.append(child)
                else:
                    target.children.insert(0, child)


def lines_of(node: Node | None, depth: int = 0) -> list[str]:
    """A tree as lines, so that a failing comparison shows the place."""
    if node is None:
        return ["not on the page"]
    found = [f"{'  ' * depth}<{node.tag} {node.said()}>"]
    for child in node.children:
        found += [f"{'  ' * (depth + 1)}{child}"] if isinstance(child, str) else lines_of(child, depth + 1)
    return found


Act = Callable[[], Awaitable[Any]]
TRIED: set[str] = set()  # names of facts that a second screen has followed in this process (tests/every_fact.py)


async def assert_live_equals_reload(
    app: Starlette,
    watcher: httpx.AsyncClient,
    page: str,
    act: Act,
    *,
    language: str = "en",
    regions: tuple[str, ...] = (),
    before: Screen | None = None,
) -> Screen:
    """What a watcher's page becomes through patches is what a reload would have shown.

    `regions`: compare only these ids (for pages with parts that other topics keep). The fact that nothing came at
    all is a failure too. `before`: the last screen of a row of acts, when nothing happened since: what was loaded at
    its end need not be loaded again.
    """
    if before is not None and before.fresh is not None:
        screen = before.fresh
    else:
        screen = Screen(app, watcher, page, language)
        await screen.load()
    async with app.state.database.transaction(read=True) as tx:
        newest = await tx.scalar(select(func.max(EventRow.id))) or 0
    answer = await act()
    assert getattr(answer, "status_code", 200) < 400, answer.text
    async with app.state.database.transaction(read=True) as tx:
        TRIED.update(await tx.scalars(select(EventRow.name).where(EventRow.id > newest)))
    with no_early_words():
        await app.state.relay.drain()
    assert await screen.catch_up() > 0, "the act announced nothing to this page"
    screen.fresh = fresh = Screen(app, watcher, page, language)
    await fresh.load()
    for region in regions or ("main",):
        mine, theirs = screen.page.find(region), fresh.page.find(region)
        assert lines_of(mine) == lines_of(theirs), region
    return screen
