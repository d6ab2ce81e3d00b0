"""Every route and every topic, tried by everybody who may not: they learn nothing, change nothing and break nothing.

Routes join by themselves: addresses are filled with the numbers of real records. What a person may not see must be
answered like what does not exist.
"""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route

from server.contacts.access import KINDS
from server.identity.actions import PersonDraft, WorkspaceDraft, create_workspace
from server.identity.doors import LiveDoors, Person
from server.identity.models import User, Workspace
from server.kit.access import Role
from server.kit.db import Base
from server.kit.patches import PatchSource, TopicRow
from tests import make
from tests.conftest import Client, add_person, client_of, program, token_of

OPEN = {  # what anybody may ask for; all else sends a visitor to the door
    "GET /", "GET /setup", "POST /setup", "GET /signin", "POST /signin", "GET /forgot", "POST /forgot",
    "GET /join/{token}", "POST /join/{token}", "GET /reset/{token}", "POST /reset/{token}",
    "GET /p/join/{token}", "POST /p/join/{token}", "GET /p/call", "POST /p/call/messages", "PUT /p/call/consent",
    "DELETE /p/call/consent", "POST /p/call/leave",
    "GET /health", "GET /ready", "GET /api/v1/openapi.json", "GET /api/v1/docs",
}  # fmt: skip
MISSING = 999_999
WORD = "Zebracorn"  # stands in everything that is closed, and nowhere else


@dataclass
class Place:
    """A workspace with one closed record and what belongs to it, a private room and a conversation."""

    app: Starlette
    numbers: dict[str, int] = field(default_factory=dict)  # kind → number of a closed thing
    beside: dict[str, int] = field(default_factory=dict)  # kind → number of an open thing of the closed company

    async def dump(self) -> dict[str, list[Any]]:
        """The whole database, but for when devices were seen."""
        async with self.app.state.database.transaction(read=True) as tx:
            return {
                table.name: sorted(repr(tuple(row)) for row in await tx.execute(select(table)))
                for table in Base.metadata.sorted_tables
            }


def routes_of(app: Starlette) -> Iterator[tuple[str, Route]]:
    for one in app.routes:
        if isinstance(one, Route):
            yield from ((method, one) for method in sorted(one.methods or ()) if method != "HEAD")


@pytest.fixture
async def place(app: Starlette, ana: Client, mateo: Client) -> Place:
    """Ana's and Mateo's; nobody else may know of it."""
    made = Place(app)

    async def post(address: str, **form: Any) -> int:
        answer = await ana.post(address, **form)
        assert answer.status_code < 400, answer.text
        location = answer.headers.get("location", "0")
        return int(re.sub(r"\D", "", location.rpartition("/")[2]) or 0)

    contact = (await make.contact(app, f"{WORD} Contact", emails=f"{WORD}@example.org")).id
    company = (await make.contact(app, f"{WORD} Company", "company")).id
    about = f"contact:{contact}"
    made.numbers = {"contact": contact, "company": company}
    made.numbers["note"] = await post(f"/api/v1/contacts/{contact}/notes", json={"body": f"{WORD} note"})
    made.numbers["task"] = await post("/api/v1/tasks", json={"title": f"{WORD} task", "about": about})
    await post(f"/tasks/{made.numbers['task']}/checklist", data={"text": f"{WORD} item"})
    await post(f"/timeline/{about}/files", files={"files": (f"{WORD}.txt", b"words", "text/plain")})
    made.numbers["file"] = 1
    made.numbers["message"] = await post(f"/discussions/{about}/messages", data={"text": f"{WORD} said"})
    made.numbers["call"] = await post("/api/v1/calls", json={"about": about})
    await post(f"/calls/{made.numbers['call']}/messages", data={"text": f"{WORD} said"})
    await post(f"/calls/{made.numbers['call']}/guest-links", data={"name": f"{WORD} guest"})
    await make.recording(app, made.numbers["call"])
    made.numbers["room"] = await post("/api/v1/rooms", json={"name": f"{WORD} room", "private": True})
    made.numbers["direct"] = await post("/api/v1/rooms", json={"kind": "direct", "user": 2})
    for room in (made.numbers["room"], made.numbers["direct"]):
        await post(f"/api/v1/rooms/{room}/messages", json={"body": f"{WORD} word"})
    olga = (await make.contact(app, "Olga Prieto")).id
    for name in (f"{WORD} Company", "Other", f"{WORD} Company"):
        version = (await ana.get(f"/api/v1/contacts/{olga}")).json()["version"]
        await ana.put(f"/contacts/{olga}/facts/company", data={"value": name, "seen": str(version)})
    made.beside = {"contact": olga, "room": await post(f"/discussions/contact:{olga}/messages", data={"text": "Hello"})}
    made.beside["task"] = await post("/api/v1/tasks", json={"title": "Call Olga", "about": f"contact:{olga}"})
    await app.state.worker.drain()  # found by her company until it is closed
    for record in (contact, company):
        await make.restrict(ana, record, "user:1", "user:2")
    await app.state.worker.drain()
    await app.state.relay.drain()
    return made


async def act_as(app: Starlette, workspace: Workspace, name: str, stack: AsyncExitStack) -> list[Client]:
    """A browser and a program of somebody who may not."""
    if name == "anonymous":
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        plain = {"base_url": "http://test", "headers": {"sec-fetch-site": "same-origin"}}
        return [await stack.enter_async_context(httpx.AsyncClient(transport=transport, **plain))]
    user = await person(app, workspace, name)
    clients = [await client_of(app, user), program(app, await token_of(app, user.id))]
    clients[1].base_url = httpx.URL("http://test")
    for client in clients:
        await stack.enter_async_context(client)
    if name == "ex-member":
        async with app.state.database.transaction() as tx:
            (await tx.get_one(User, user.id)).active = False
    return clients


async def person(app: Starlette, workspace: Workspace, name: str) -> User:
    roles: dict[str, Role] = {"read-only": "read-only", "ex-member": "admin", "colleague": "admin"}
    if name != "stranger":
        return await add_person(app, workspace, f"{name.title()} Doe", roles[name])
    async with app.state.database.transaction() as tx:
        draft = WorkspaceDraft("Elsewhere", "en", "UTC")
        return (await create_workspace(tx, draft, PersonDraft("Eve", "eve@example.org", "no password")))[1]


WHO = ("anonymous", "stranger", "ex-member", "read-only", "colleague")
KIND_OF = (  # how an address begins, and what its number counts
    ("/contacts/views", None), ("/contacts", "contact"), ("/companies", "company"), ("/notes", "note"), ("/files", "file"),
    ("/tasks", "task"), ("/messages", "message"), ("/rooms", "room"), ("/chat", "room"), ("/calls", "call"),
)  # fmt: skip


def addresses(route: Route, numbers: dict[str, int]) -> list[tuple[str, str]]:
    """(of a closed thing, of nothing) for each closed thing that the address may name; one pair when it names none."""
    path = re.sub(r"{(\w+):int}", r"{\1}", route.path)
    plain = path.removeprefix("/api/v1")
    kind = next((kind for start, kind in KIND_OF if plain.startswith(start + "/{")), None)
    fill = {"part": "nav", "field": "title", "emoji": "👍", "token": "x" * 20, "what": "owner", "place": "room:1"}
    fill |= {"item": "1", "user": "1", "person": "1", "link": "1"}

    def filled(**values: object) -> str:
        return re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], fill.get(match[1], 1))), path)

    if "{about}" in path:
        return [(filled(about=f"{one}:{numbers[one]}"), filled(about=f"{one}:{MISSING}")) for one in KINDS]
    if "{place}" in path:
        return [(filled(place=f"room:{numbers['room']}"), filled(place=f"room:{MISSING}"))]
    kinds = [kind, "direct"] if kind == "room" else [kind] if kind else []
    if kinds:
        return [(filled(id=numbers[one]), filled(id=MISSING)) for one in kinds]
    return [(filled(id=MISSING), filled(id=MISSING))]


def wordless(text: str) -> str:
    """An answer without what differs each time: nonces, numbers of the address."""
    return re.sub(r'nonce="[^"]*"|"inlineScriptNonce":"[^"]*"|\d+', "", text)


async def ask(client: Client, method: str, address: str) -> httpx.Response:
    """As a form and as JSON would be sent, the smallest that a reader of it may take."""
    if method == "GET":
        return await client.request(method, address)
    if address.startswith("/api/"):
        return await client.request(
            method, address, json={"body": "x"} if "messages" in address or "notes" in address else {"name": "x"}
        )
    form = {
        "text": "x",
        "value": "x",
        "name": "x",
        "to": "user:1",
        "event": "1",
        "message": "1",
        "seen": "0",
        "user": "1",
    }
    return await client.request(method, address, data=form)


@pytest.mark.parametrize("name", WHO)
async def test_closed_things_are_answered_like_nothing(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    async with AsyncExitStack() as stack:
        clients = await act_as(app, workspace, name, stack)
        before = await place.dump()
        for method, route in routes_of(app):
            pairs = addresses(route, place.numbers)
            for client in clients:
                for closed, missing in pairs:
                    if closed == missing:
                        continue
                    there, nothing = await ask(client, method, closed), await ask(client, method, missing)
                    what = f"{name}: {method} {closed}: {there.status_code} {there.text[:300]}"
                    assert there.status_code < 500 and nothing.status_code < 500, what
                    assert there.status_code == nothing.status_code, what
                    assert wordless(there.text) == wordless(nothing.text), what
                    assert place_of(there) == place_of(nothing), what
            if method != "GET":
                assert await place.dump() == before, (name, method, route.path)


async def test_the_sweep_asks_for_what_is_there(app: Starlette, place: Place, ana: Client) -> None:
    """Who may see the closed things gets them by the same addresses."""
    for method, route in routes_of(app):
        for closed, missing in addresses(route, place.numbers):
            if method == "GET" and closed != missing:
                answer = await ana.get(closed)
                assert answer.status_code in (200, 204, 303), (closed, answer.text[:300])


def place_of(answer: httpx.Response) -> str:
    return wordless(answer.headers.get("location", "") + answer.headers.get("hx-redirect", ""))


@pytest.mark.parametrize("name", WHO)
async def test_no_page_or_list_tells_of_closed_things(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    async with AsyncExitStack() as stack:
        for client in await act_as(app, workspace, name, stack):
            for method, route in routes_of(app):
                if method != "GET":
                    continue
                for address in {
                    one
                    for numbers in (place.numbers, place.numbers | place.beside)
                    for one, _missing in addresses(route, numbers)
                }:
                    for query in ("", f"?q={WORD}", "?about=contact:1", "?trash=1"):
                        answer = await client.get(address + query)
                        assert answer.status_code < 500, (name, address, answer.text[:300])
                        told = answer.text.replace(f"q={WORD}", "").replace(f'value="{WORD}"', "")
                        assert WORD not in told or is_echo(answer.text), (name, address + query)


async def test_who_may_see_a_company_reads_its_name(app: Starlette, place: Place, ana: Client, mateo: Client) -> None:
    """The sweep above would pass too if the name stood nowhere."""
    olga = f"/contacts/{place.beside['contact']}"
    for client in (ana, mateo):
        for address in (f"{olga}/facts", f"/api/v1{olga}", f"/export{olga}.vcf", "/export/contacts.csv"):
            assert f"{WORD} Company" in (await client.get(address)).text, address


async def test_nobody_finds_people_by_a_closed_company(app: Starlette, workspace: Workspace, place: Place) -> None:
    async with AsyncExitStack() as stack:
        browser, api = await act_as(app, workspace, "colleague", stack)
        for address in (
            f"/contacts?q={WORD}",
            f"/palette?q={WORD}",
            f"/search?q={WORD}",
            f"/contacts?company={place.numbers['company']}",
        ):
            assert "Olga" not in (await browser.get(address)).text, address
        assert (await api.get("/api/v1/contacts", params={"q": WORD})).json()["items"] == []
        assert (await api.get("/api/v1/contacts", params={"company": place.numbers["company"]})).json()["items"] == []


async def test_no_frame_tells_of_a_closed_company(app: Starlette, workspace: Workspace, place: Place) -> None:
    """Whatever a colleague may hear, from the first number on: pages in both languages and the facts as JSON."""
    source = PatchSource(app.state.database)
    listener = Person(await make.person(app, (await person(app, workspace, "colleague")).id), "en")
    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    async with app.state.database.transaction(read=True) as tx:
        topics = set(await tx.scalars(select(TopicRow.name)))
    heard, words = await doors.may_listen(listener, topics), 0
    assert {f"contacts:{workspace.id}", f"tasks:{workspace.id}", f"contact:{place.beside['contact']}"} <= heard
    for topic in heard:
        for message in await source.replay(topic, 0, ("en", "es", "json")) or ():
            bodies = b"".join(message.bodies.values()).decode()
            assert WORD not in bodies, (topic, bodies[:500])
            words += bodies.count("Olga")
    assert words > 10, "her own name is in what was heard"


def is_echo(text: str) -> bool:
    """The search field and sentences such as "Nothing fits Zebracorn" say what was typed, never what stands there."""
    return not re.search(rf"{WORD}( Contact| Company| note| task| item| said| room| guest| word|\.txt|@)", text)


@pytest.mark.parametrize("name", ["anonymous", "ex-member"])
async def test_without_a_membership_only_the_doors_are_open(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    async with AsyncExitStack() as stack:
        clients = await act_as(app, workspace, name, stack)
        before = await place.dump()
        opened = set()
        for method, route in routes_of(app):
            for client in clients:
                answer = await ask(client, method, addresses(route, place.numbers)[0][0])
                assert answer.status_code < 500, (method, route.path, answer.text[:300])
                sent_away = answer.status_code == 401 or answer.headers.get("location", "").startswith("/signin")
                if not sent_away:
                    opened.add(f"{method} {route.path}")
        assert opened <= OPEN
        assert await place.dump() == before


async def test_who_reads_only_changes_nothing(app: Starlette, workspace: Workspace, place: Place) -> None:
    """Their own settings and read marks apart (`personal` routes), every write is refused."""
    lucia = await make.contact(app, "Open Record")
    open_numbers = {kind: lucia.id if kind == "contact" else 1 for kind in place.numbers}
    async with AsyncExitStack() as stack:
        browser, api = await act_as(app, workspace, "read-only", stack)
        before = await place.dump()
        for method, route in routes_of(app):
            if method == "GET" or f"{method} {route.path}" in OPEN | {"POST /signout"}:
                continue
            for client in (browser, api):
                answer = await ask(client, method, addresses(route, open_numbers)[0][0])
                assert answer.status_code < 500, (method, route.path, answer.text[:300])
                if route.path.startswith("/api/"):
                    assert answer.status_code == 403, (method, route.path, answer.text[:300])
                now = await place.dump()
                assert now == before or answer.status_code < 400, (method, route.path)
                before = now


NOT_NUMBERS = ("", "x", "-1", "0", "1:2:3", "²", "9" * 40)


async def test_nobody_listens_to_what_they_may_not_see(app: Starlette, workspace: Workspace, place: Place) -> None:
    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    numbers = place.numbers
    closed = {f"{kind}:{numbers[kind]}" for kind in ("contact", "company", "task", "room", "call")}
    closed |= {f"call:{numbers['call']}:team", f"call:{numbers['call']}:all"}
    closed |= {f"room:{numbers['direct']}", f"room:{numbers['room']}:news"}
    personal = {"user:1", "user:2"}
    kinds = set(app.state.house.topics)
    missing = {f"{kind}:{rest}" for kind in kinds for rest in (str(MISSING), *NOT_NUMBERS)} | {"nothing:1"}
    shared = {f"{kind}:{workspace.id}" for kind in ("contacts", "tasks", "calls", "workspace")}
    for name in ("colleague", "read-only", "stranger"):
        user = await person(app, workspace, name)
        listener = Person(await make.person(app, user.id), "en")
        heard = await doors.may_listen(listener, closed | personal | missing | shared | {f"user:{user.id}"})
        assert heard == {f"user:{user.id}"} | (set() if name == "stranger" else shared), name
    ana = Person(await make.person(app, 1), "en")
    assert await doors.may_listen(ana, closed | shared) == closed | shared


async def test_every_kind_of_topic_is_in_the_sweep(app: Starlette) -> None:
    records, shared = {"contact", "company", "task", "room", "call"}, {"contacts", "tasks", "calls", "workspace"}
    assert set(app.state.house.topics) == records | shared | {"user", "job"}
