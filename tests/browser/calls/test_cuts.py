"""The network of one person is cut in mid-call, media and socket alike, while their browser lives on.

A dropper in the server loses every datagram from and to them; their socket stays open and nothing comes through it.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.browser.calls.conftest import Caller
from tests.browser.calls.test_members import both_in
from tests.browser.house import House, open_house

pytestmark = pytest.mark.browser
DROPPER = """
import asyncio.selector_events as events, os, pathlib, weakref
from realtime.calls import addresses, mesh, peers

CUT = pathlib.Path(os.environ["CUT"])  # the number of the participant who is cut off; not there: nobody is
known = weakref.WeakSet()
begin = peers.Peer.__init__

def begun(self, *words):
    begin(self, *words)
    known.add(self)

def is_cut(transport):
    if not CUT.exists():
        return False
    cut = [peer for peer in known if str(peer.who) == CUT.read_text()]
    return any(one.transport is transport for peer in cut for one in peer.pipe.candidates._protocols)

sendto, received = events._SelectorDatagramTransport.sendto, addresses._Direct.datagram_received
events._SelectorDatagramTransport.sendto = lambda self, *data: None if is_cut(self) else sendto(self, *data)
addresses._Direct.datagram_received = lambda self, *data: None if is_cut(self.transport) else received(self, *data)
peers.Peer.__init__ = begun
mesh.hindrance = lambda *_: "failed"  # a direct path would go on without us
"""


@dataclass
class Wire:
    """The socket of a page: while it is cut, what is said waits in both directions, as TCP lets it wait."""

    is_laid: bool = False
    is_cut: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def lay(self, page: WebSocketRoute) -> None:
        self.is_laid = True
        server = page.connect_to_server()
        page.on_message(lambda text: self._carry(lambda: server.send(text)))
        server.on_message(lambda text: self._carry(lambda: page.send(text)))
        page.on_close(lambda code, reason: self._carry(lambda: server.close()))
        server.on_close(lambda code, reason: self._carry(lambda: page.close()))

    def _carry(self, send: Callable[[], None]) -> None:
        if self.is_cut:
            self.waiting.append(send)
        else:
            send()

    def mend(self) -> None:
        self.is_cut = False
        waiting, self.waiting = self.waiting, []
        for send in waiting:
            send()


@dataclass
class Place:
    house: House
    ana: Caller
    mateo: Caller
    path: str
    wire: Wire
    file: Path

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Mateo's network."""
        self.file.write_text(self.ana.tile("Mateo").get_attribute("data-tile") or "")
        self.wire.is_cut = True
        self.mateo.page.context.set_offline(True)
        try:
            yield
        finally:
            self.file.unlink()
            self.mateo.page.context.set_offline(False)
            self.wire.mend()


@pytest.fixture(scope="module")
def cut_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Path]]:
    folder = tmp_path_factory.mktemp("cut")
    file = folder / "cut"
    with open_house(folder / "data", before=DROPPER, CUT=str(file)) as house:
        yield house, file


@pytest.fixture
def place(cut_house: tuple[House, Path], callers: Browser) -> Iterator[Place]:
    house, file = cut_house
    wire = Wire()
    ana = Caller(house.sit(callers, "ana@example.org"))
    mateo = Caller(house.sit(callers, "mateo@example.org"))
    mateo.page.route_web_socket("**/live?*", wire.lay)
    found = Place(house, ana, mateo, house.contact("Lucía Ferrer"), wire, file)
    both_in(house, (ana, mateo, found.path))
    assert wire.is_laid
    ana.sees("Mateo")
    mateo.sees("Ana")
    mateo.page.evaluate("window.same = true")
    yield found
    for one in (ana, mateo):
        one.page.context.close()


def test_a_cut_of_some_seconds_heals_without_a_reload(place: Place) -> None:
    ana, mateo = place.ana, place.mateo
    with place.cut():
        expect(ana.tile("Mateo")).to_have_attribute("data-status", "reconnecting", timeout=20_000)
    expect(ana.tile("Mateo")).to_have_attribute("data-status", "here", timeout=20_000)
    ana.sees("Mateo")
    mateo.sees("Ana")
    ana.hears()
    assert mateo.page.evaluate("window.same")
    assert "was cut off" not in place.house.owner.get(place.path).text


def test_a_longer_one_is_a_leave_and_they_come_back_by_themselves(place: Place) -> None:
    ana, mateo = place.ana, place.mateo
    record = ana.page.context.new_page()
    record.goto(place.house.url + place.path)
    with place.cut():
        expect(ana.tile("Mateo")).to_have_attribute("data-status", "reconnecting", timeout=20_000)
        expect(ana.tile("Mateo")).to_have_count(0, timeout=40_000)
        expect(ana.page.locator("#call-status")).to_have_text("You are the only one here")
        expect(record.get_by_text("was cut off from the call")).to_be_visible()
    ana.sees("Mateo")
    mateo.sees("Ana")
    assert mateo.page.evaluate("window.same")
