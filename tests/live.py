"""A browser in miniature: a page, the patches it received, and the page that a reload would show."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2 as httpx
from sqlalchemy import func, select
from starlette.applications import Starlette

from realtime.message import Message
from server.kit.events import EventRow
from server.kit.patches import PatchSource
from server.kit.text import LANGUAGES
from tests.early import no_early_words
from tests.make import speak
from tests.tree import Node, parse

BODY = {"outerMorph": "replace", "beforeend": "append", "afterbegin": "prepend", "delete": "remove"}


class Screen:
    """One person's page and its topics, kept up to date the way the browser does it."""

    def __init__(self, app: Starlette, client: httpx.AsyncClient, url: str, language: str = "en") -> None:
        self.app, self.client, self.url, self.language = app, client, url, language
        self.source, self.page = "", Node("root", {})
        self.since: dict[str, int] = {}
        self.fresh: Screen | None = None  # the same page, as it was loaded afterwards

    async def load(self) -> None:
        answer = await self.client.get(self.url)
        assert answer.status_code == 200, answer.text
        self._show(answer.text)

    def _show(self, source: str) -> None:
        self.source, self.page, self.since = source, parse(source), {}
        for node in self.page.walk():
            for topic, n in json.loads(node.attrs.get("data-topics") or "{}").items():
                self.since[topic] = min(n, self.since.get(topic, n))

    async def open(self, newest: int) -> None:
        """Loads the page, unless it was loaded after the newest fact: in a row of acts one after the other."""
        known: tuple[int, str] = vars(self.client).get("pages", {}).get((self.url, self.language), (-1, ""))
        if known[0] == newest:
            self._show(known[1])
        else:
            await self.load()

    async def reload(self, newest: int) -> "Screen":
        self.fresh = Screen(self.app, self.client, self.url, self.language)
        await self.fresh.load()
        vars(self.client).setdefault("pages", {})[self.url, self.language] = newest, self.fresh.source
        return self.fresh

    async def catch_up(self) -> int:
        """Applies what every topic of the page published since; how many patches and refreshes came."""
        return await self.hear(await published([self]), {})

    async def hear(self, messages: dict[str, list[Message]], answers: dict[str, str]) -> int:
        """`answers`: what the server says at an address, for as long as nothing happens: once is enough."""
        came = 0
        for topic in self.since:
            for message in messages.get(topic, ()):
                if message.n > self.since[topic]:
                    came += await self._apply(message.bodies.get(self.language, b""), answers)
                    self.since[topic] = message.n
        return came

    async def _apply(self, body: bytes, answers: dict[str, str]) -> int:
        members = json.loads(b"{" + body + b"}") if body else {}
        partials = [node for node in parse(members.get("html", "")).children if isinstance(node, Node)]
        for partial in partials:
            apply(self.page, partial)
        for region in members.get("regions", []):
            await self._refresh(region, answers)
        return len(partials) + len(members.get("regions", []))

    async def _refresh(self, region: str, answers: dict[str, str]) -> None:
        place = self.page.place(region)
        if place is None:
            return
        siblings, at = place
        url = siblings[at].attrs.get("data-src") or self.url
        if url not in answers:
            answers[url] = (await self.client.get(url)).text
        siblings[at] = parse(answers[url]).find(region) or Node("gone", {})


def apply(page: Node, partial: Node) -> None:
    """One <hx-partial>; idempotent, and silent about targets that are not shown."""
    place = page.place(partial.attrs.get("hx-target", "").removeprefix("#"))
    if place is None:
        return
    siblings, at = place
    match swap := BODY[partial.attrs.get("hx-swap") or "outerMorph"]:
        case "replace":
            siblings[at : at + 1] = partial.children
        case "remove":
            del siblings[at]
        case _:
            target = siblings[at]
            for child in partial.children:
                known = page.place(child.attrs.get("id", "")) if isinstance(child, Node) else None
                if known is not None:
                    around, there = known
                    around[there] = child
                elif swap == "append":
                    target.children.append(child)
                else:
                    target.children.insert(0, child)


async def published(screens: Sequence[Screen]) -> dict[str, list[Message]]:
    """What the topics of these screens told since, in the languages of all of them."""
    source, messages = PatchSource(screens[0].app.state.database), {}
    since = {
        topic: min(one.since.get(topic, n) for one in screens) for one in screens for topic, n in one.since.items()
    }
    heads = await source.heads(since)
    for topic, n in since.items():
        if heads[topic] != n:
            found = await source.replay(topic, n, [one.language for one in screens])
            assert found is not None, f"{topic} cannot be replayed since {n}"
            messages[topic] = found
    return messages


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
) -> Screen:
    """What a watcher's page becomes through patches is what a reload would have shown.

    `regions`: compare only these ids (for pages with parts that other topics keep). The fact that nothing came at
    all is a failure too.
    """
    newest = await _newest(app)
    screen = Screen(app, watcher, page, language)
    await screen.open(newest)
    await _happen(app, act, newest)
    await _compare(screen, await published([screen]), regions)
    return screen


async def assert_live_in_both_languages(
    app: Starlette, watcher: httpx.AsyncClient, page: str, act: Act, *, regions: tuple[str, ...] = ()
) -> list[Screen]:
    """The same for one act that Mateo (user 2) follows in English and in Spanish."""
    newest = await _newest(app)
    screens = [Screen(app, watcher, page, language) for language in LANGUAGES]
    for screen in screens:
        await speak(app, 2, screen.language)
        await screen.open(newest)
    await _happen(app, act, newest)
    messages = await published(screens)
    for screen in screens:
        await speak(app, 2, screen.language)
        await _compare(screen, messages, regions)
    return screens


async def _newest(app: Starlette) -> int:
    async with app.state.database.transaction(read=True) as tx:
        return await tx.scalar(select(func.max(EventRow.id))) or 0


async def _happen(app: Starlette, act: Act, newest: int) -> None:
    answer = await act()
    assert getattr(answer, "status_code", 200) < 400, answer.text
    async with app.state.database.transaction(read=True) as tx:
        TRIED.update(await tx.scalars(select(EventRow.name).where(EventRow.id > newest)))
    with no_early_words():
        await app.state.relay.drain()


async def _compare(screen: Screen, messages: dict[str, list[Message]], regions: tuple[str, ...]) -> None:
    fresh = await screen.reload(await _newest(screen.app))
    came = await screen.hear(messages, {screen.url: fresh.source})
    assert came > 0, f"the act announced nothing to this page, read in {screen.language}"
    for region in regions or ("main",):
        mine, theirs = screen.page.find(region), fresh.page.find(region)
        if mine is None or theirs is None or mine.dump() != theirs.dump():
            assert lines_of(mine) == lines_of(theirs), f"{region}, read in {screen.language}"


def lines_of(node: Node | None) -> list[str]:
    return ["not on the page"] if node is None else node.lines()
