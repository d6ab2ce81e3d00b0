"""A real Tertulia in a process of its own, with two people of two departments, for tests in real browsers."""

import contextlib
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect

from tests import needs
from tests.processes import Process, fork, launch

PASSWORD = "tres palabras buenas"
HELP = "help@nogal.example"
START = 60.0  # seconds; a server that starts beside other work is given more
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
OWN_NOISE = ("WebSocket connection to", "net::ERR_", "Failed to load resource")


@dataclass
class House:
    """A running server; `complaints` of every page that was opened: console errors, warnings, uncaught errors."""

    url: str
    owner: httpx.Client
    restart: Callable[[], None]  # as a deploy does it: the process is asked to stop, and a new one takes its place
    complaints: list[str] = field(default_factory=list)
    _keys: dict[str, StorageState] = field(default_factory=dict)

    def sit(self, browser: Browser, email: str, **options: object) -> Page:
        """A browser of its own for one person, signed in and yet nowhere: by the form the first time, then with the key
        it gave, so that a whole suite from one address stays below the throttle of sign-ins."""
        context = browser.new_context(storage_state=self._keys.get(email), **options)  # type: ignore[arg-type]
        page = self._open(context)
        if email in self._keys:
            return page
        page.goto(f"{self.url}/signin")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_url("**/contacts")
        self._keys[email] = context.storage_state()
        return page

    def _open(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(OWN_NOISE):
            self.complaints.append(message.text)

    @contextlib.contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """The owner reads this language inside, English again after it."""
        try:
            self.owner.put("/settings/profile/language", data={"language": language})
            yield
        finally:
            self.owner.put("/settings/profile/language", data={"language": "en"})

    def contact(self, name: str) -> str:
        """Makes a record; its address."""
        answer = self.owner.post("/contacts", data={"name": name})
        return str(answer.headers["location"])

    def case(self, sender: str, subject: str, text: str) -> str:
        """A letter of a customer that opened a case; its address."""
        self.owner.post("/settings/channels", data={"address": HELP})  # once is enough
        about = self.contact(sender)
        self.owner.put(f"{about}/facts/emails", data={"value": f"{subject.split()[0].lower()}@brightwater.example"})
        number = about.rpartition("/")[2]
        answer = self.owner.post("/cases", data={"about": f"contact:{number}", "subject": subject, "text": text})
        return str(answer.headers["location"])


@contextlib.contextmanager
def open_house(folder: Path, before: str = "", **env: str) -> Iterator[House]:
    """`before`: Python that the server runs first, for faults that no signal from outside would hit."""
    port = needs.free_port()
    url = f"http://127.0.0.1:{port}"
    words = os.environ | {"DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING", "BASE_URL": url} | env
    folder.mkdir(exist_ok=True)
    log = folder / "server.log"
    owner = {"email": "ana@example.org", "password": PASSWORD, "name": "Ana Beltrán", "workspace": "Nogal"}
    admin = ["admin", *(word for name, value in owner.items() for word in (f"--{name}", value))]
    assert fork(admin, words, log).wait() == 0, log.read_text()
    processes: list[Process] = []

    def start() -> None:
        processes.append(launch(["serve"], words, log, before) if before else fork(["serve"], words, log))
        wait_until_ready(url, processes[-1], log)

    def stop() -> None:
        processes[-1].terminate()
        processes[-1].wait()

    def restart() -> None:
        stop()
        start()

    try:
        start()
        with httpx.Client(base_url=url, headers={"sec-fetch-site": "same-origin"}) as client:
            client.post("/signin", data={"email": "ana@example.org", "password": PASSWORD})
            for name in ("Sales", "Support"):
                client.post("/settings/teams", data={"name": name, "department": "1"})
            invite(client, "mateo@example.org", "Mateo Ríos", team="2")
            yield House(url, client, restart)
    finally:
        stop()


def invite(owner: httpx.Client, email: str, name: str, team: str, role: str = "member") -> None:
    answer = owner.post("/settings/invitations", data={"emails": email, "role": role, "team": team})
    link = re.search(r"/join/[\w-]+", answer.text)
    assert link is not None, answer.text
    with httpx.Client(base_url=owner.base_url) as guest:
        assert guest.post(link[0], data={"name": name, "password": PASSWORD}).status_code == 303


def wait_until_ready(url: str, process: Process, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.exitcode is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{url}/ready"):
            return
        time.sleep(0.05)  # a process that starts has no event to wait for
    raise RuntimeError(log.read_text())


def live(page: Page) -> None:
    """The page hears: its keys and its socket are there."""
    expect(page.locator("[data-lamp]").first).to_contain_text(re.compile("Live|En vivo"))
