"""Numbers, PINs and signed links: locked across calls and addresses, answered alike, and forged ones."""

import re
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.announcer.attending import Attendant
from server.announcer.models import CustomerNumber, LineCall
from server.announcer.proof import claimed, is_proved, make_proof
from server.announcer.queries import Attended, attended_call
from server.announcer.script import Piece
from server.announcer.speech import Sound
from server.calls.models import Call
from server.identity.passwords import Passwords
from server.kit.clock import frozen, now
from server.kit.idempotency import IdempotencyRow
from server.tasks.models import Task
from tests import make
from tests.announcer.callers import set_up

Client = httpx.AsyncClient


class Mute:
    """A voice and a player that do nothing."""

    async def sounds(self, piece: Piece, language: str, voice: str) -> list[Sound]:
        return []

    async def play(self, call: str, clip: Any) -> None: ...

    async def hush(self, call: str, to: int | None = None) -> None: ...


class Slow(Passwords):
    """Counts how often it had to work."""

    worked = 0

    async def is_right(self, stored: str, password: str) -> bool:
        self.worked += 1
        return await super().is_right(stored, password)


async def attendant(app: Starlette, path: str, passwords: Passwords) -> Attendant:
    """Of a new call from another address."""
    address = (f"198.51.100.{len(await make.facts(app, 'line.called')) + 1}", 4711)
    transport = httpx.ASGITransport(app, client=address)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as caller:
        answer = await caller.post(path, data={"name": "Noor"})
        assert answer.status_code == 201, answer.text
    async with app.state.database.transaction(read=True) as tx:
        room = await tx.scalar(select(Call.room).order_by(Call.id.desc()).limit(1))
        attended: Attended | None = await attended_call(tx, room)
    assert attended is not None
    return Attendant(room, attended, app.state.database, Mute(), passwords, Mute())


@pytest.fixture
async def given(app: Starlette, ana: Client) -> tuple[str, str, str]:
    """(path of the line, number, PIN) of Lucía, who is contact 1."""
    path = await set_up(ana)
    await make.contact(app, title="Baker")
    answer = await ana.post("/contacts/1/pin")
    assert answer.headers["cache-control"] == "no-store"
    number, pin = re.findall(r'readonly value="(\d+)"', answer.text)
    return path, number, pin


async def test_the_right_pin_opens_and_says_what_admins_chose(app: Starlette, given: tuple[str, str, str]) -> None:
    path, number, pin = given
    one = await attendant(app, path, Passwords())
    known = await one._check(number, pin)
    assert known is not None and known.name == "Lucía Ferrer"
    assert known.fields == (("your position", "Baker"),)
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(Call, 1)).about == "contact:1"
    assert [name for name, data in await make.told(app, "line.identified")] == ["line.identified"]


async def test_guessing_locks_the_number_across_calls_and_addresses(
    app: Starlette, given: tuple[str, str, str]
) -> None:
    """Five wrong ones, from two calls; then the right one is wrong too, for an hour, and one task says so."""
    path, number, pin = given
    wrong = "999999" if pin != "999999" else "888888"
    app.state.settings.line_calls_at_once = 10
    with frozen() as clock:
        first, second = await attendant(app, path, Passwords()), await attendant(app, path, Passwords())
        for one in (first, second, first, second, first):
            assert await one._check(number, wrong) is None
        assert await second._check(number, pin) is None
        async with app.state.database.transaction(read=True) as tx:
            tasks = [task.title for task in await tx.scalars(select(Task))]
            row = await tx.get_one(CustomerNumber, 1)
        assert len(tasks) == 1 and "locked for an hour" in tasks[0]
        assert row.locked_until is not None
        told = await make.told(app, "pin.", "line.", "call.")
        assert [name for name, _data in told].count("pin.locked") == 1
        assert number not in repr(told) and pin not in repr(told) and wrong not in repr(told)
        clock.forward(hours=1, seconds=1)
        assert await second._check(number, pin) is not None


async def test_wrong_ones_an_hour_ago_count_no_more(app: Starlette, given: tuple[str, str, str]) -> None:
    path, number, pin = given
    with frozen() as clock:
        one = await attendant(app, path, Passwords())
        for _try in range(4):
            await one._check(number, "000000")
        clock.forward(hours=1, seconds=1)
        await one._check(number, "000000")
        assert await one._check(number, pin) is not None


async def test_unknown_locked_and_wrong_cost_the_same(app: Starlette, given: tuple[str, str, str]) -> None:
    """One hash each: neither words nor work tell which numbers there are."""
    path, number, pin = given
    passwords = Slow()
    one = await attendant(app, path, passwords)
    answers = [await one._check(some, "123123") for some in (number, "1", "00000000", "9" * 12)]
    assert answers == [None] * 4 and passwords.worked == 4
    for _try in range(5):
        await one._check(number, "123123")
    passwords.worked = 0
    assert await one._check(number, pin) is None and passwords.worked == 1


async def test_unknown_locked_and_wrong_ask_the_database_alike(app: Starlette, given: tuple[str, str, str]) -> None:
    """The same statements, each with something to write."""
    _path, number, pin = given
    one = await attendant(app, given[0], Passwords())
    asked = []
    for typed in (number, "00000000"):
        with make.counted(app) as statements:
            assert await one._check(typed, "123123") is None
        asked.append(list(statements))
    for _try in range(5):
        await one._check(number, "123123")
    for secret in ("123123", pin):
        with make.counted(app) as statements:
            assert await one._check(number, secret) is None
        asked.append(list(statements))
    assert len(asked[0]) >= 4 and all(other == asked[0] for other in asked[1:])
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(LineCall, 1)).wrong == 9, "also of a number that nobody has"


async def test_one_call_at_a_time_by_a_proved_link(app: Starlette, ana: Client, given: tuple[str, str, str]) -> None:
    """Pressed eight times it is one call; one that its caller has left makes room."""
    path = given[0]
    link = re.findall(r"\?proof=[\w.-]+", (await ana.post("/contacts/1/pin")).text)[0]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as lucia:
        with frozen() as clock:
            answers = [(await lucia.post(path + link, data={})).status_code for _press in range(8)]
            assert answers == [201] + [429] * 7
            clock.forward(minutes=1)
            assert (await lucia.post(path + link, data={})).status_code == 201
    async with app.state.database.transaction(read=True) as tx:
        assert [one.is_open for one in await tx.scalars(select(Call).order_by(Call.id))] == [False, True]


async def test_a_new_pin_unlocks_and_ends_former_links(
    app: Starlette, ana: Client, given: tuple[str, str, str]
) -> None:
    path, number, pin = given
    with frozen() as clock:
        link = re.findall(r"\?proof=[\w.-]+", (await ana.post("/contacts/1/pin")).text)[0]
        assert "Hello, Lucía Ferrer" in (await ana.get(path + link)).text
        clock.forward(minutes=1)
        again = (await ana.post("/contacts/1/pin")).text
        assert number in again and pin not in again
        assert "Lucía" not in (await ana.get(path + link)).text


@pytest.mark.parametrize("what", ["", "c1", "c1.1.9999999999.x", "c2.1.9999999999.x", "c1.x.1.x", "c1.²." + "9" * 300])
async def test_forged_links_prove_nothing(app: Starlette, ana: Client, given: tuple[str, str, str], what: str) -> None:
    page = await ana.get(given[0], params={"proof": what})
    assert page.status_code == 200 and "Lucía" not in page.text


def test_a_link_is_for_one_person_one_line_and_some_days() -> None:
    with frozen() as clock:
        since, secret = now(), b"secret"
        proof = make_proof(secret, "line", 7, since)
        assert claimed(proof) == 7 and is_proved(secret, "line", proof, since)
        assert not is_proved(secret, "other", proof, since)
        assert not is_proved(b"another", "line", proof, since)
        assert not is_proved(secret, "line", proof.replace("c1.7.", "c1.8."), since)
        clock.forward(days=31)
        assert not is_proved(secret, "line", proof, since)


async def test_taken_away_it_opens_nothing(app: Starlette, ana: Client, given: tuple[str, str, str]) -> None:
    path, number, pin = given
    assert (await ana.delete("/contacts/1/pin")).status_code == 200
    assert await (await attendant(app, path, Passwords()))._check(number, pin) is None


async def test_the_link_is_mailed_in_the_customer_s_language(app: Starlette, ana: Client, mateo: Client) -> None:
    """By the workspace's mail; what it says proves who calls; the fact names the address and never the link."""
    path = await set_up(ana)
    made = await ana.post("/api/v1/contacts", json={"name": "Lucía Ferrer", "emails": [{"value": "lucia@example.org"}]})
    assert made.status_code == 201, made.text
    assert (await ana.post("/contacts/1/pin/letters")).status_code == 409, "no PIN yet"
    await ana.post("/contacts/1/pin")
    assert (await ana.post("/contacts/1/pin/letters")).status_code == 409, "no mail server"
    twin = app.state.services.mailer
    twin.is_real = True
    assert (await ana.put("/contacts/1/facts/language", data={"value": "es", "seen": "1"})).status_code == 200
    shown = (await ana.post("/contacts/1/pin")).text
    assert "Send the link to lucia@example.org" in shown
    answer = await ana.post("/contacts/1/pin/letters", headers={"host": "evil.example"})
    assert answer.status_code == 201, answer.text
    await app.state.worker.drain()
    [(to, subject, text)] = twin.sent
    assert to == "lucia@example.org" and subject == "Su enlace para llamar a Nogal Café"
    link = re.search(r"http://test(/p/call/\S+)", text)
    assert link is not None and link[1].startswith(path) and "Hola, Lucía Ferrer" in text
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as lucia:
        assert (await lucia.post(link[1], data={})).status_code == 201
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(LineCall, 1)).proof == "link"
    [fact] = await make.facts(app, "pin.link_mailed")
    assert fact.data == {"to": "lucia@example.org"}
    assert "sent them a link to call by" in (await mateo.get("/contacts/1")).text


async def test_who_has_no_address_gets_no_link(app: Starlette, ana: Client) -> None:
    await set_up(ana)
    await make.contact(app, emails="")
    await ana.post("/contacts/1/pin")
    app.state.services.mailer.is_real = True
    assert (await ana.post("/contacts/1/pin/letters")).status_code == 422
    assert "Send the link" not in (await ana.post("/contacts/1/pin")).text


async def test_programs_give_and_take_pins(app: Starlette, ana: Client, api: Client, other: Client) -> None:
    """Shown once; the number stays and the PIN before it opens nothing; facts say who did it."""
    path = await set_up(ana, fields=["title"])
    await make.contact(app, title="Baker")
    assert (await api.get("/contacts/1/pin")).json()["number"] is None
    assert (await api.delete("/contacts/1/pin")).status_code == 404
    first = (await api.put("/contacts/1/pin")).json()
    second = await other.put("/contacts/1/pin")
    assert (second.status_code, second.headers["cache-control"]) == (200, "no-store")
    now_given = second.json()
    assert now_given["number"] == first["number"] and now_given["pin"] != first["pin"]
    assert is_proved_link(now_given["link"], path) and len(now_given["pin"]) == 6
    shown = (await api.get("/contacts/1/pin")).json()
    assert shown == now_given | {"pin": None, "link": None}
    one = await attendant(app, path, Passwords())
    assert await one._check(first["number"], first["pin"]) is None
    assert await one._check(first["number"], now_given["pin"]) is not None
    assert (await api.delete("/contacts/1/pin")).status_code == 204
    assert (await api.get("/contacts/1/pin")).json()["number"] is None
    told = await make.told(app, "pin.")
    assert [name for name, _data in told] == ["pin.given", "pin.given", "pin.removed"]


def is_proved_link(link: str, path: str) -> bool:
    return f"{path}?proof=" in link


async def test_a_company_has_no_pin_and_rights_are_the_record_s(
    app: Starlette, ana: Client, api: Client, other: Client
) -> None:
    await make.contact(app)
    await make.contact(app, "Hoteles Almadraba", "company")
    assert (await api.put("/contacts/2/pin")).status_code == 422
    await make.restrict(ana, 1, "user:1")
    for method in ("GET", "PUT", "DELETE"):
        assert (await other.request(method, "/contacts/1/pin")).status_code == 404
    await ana.put("/settings/people/2/role", data={"value": "read-only"})
    assert (await other.put("/contacts/1/pin")).status_code == 403
    assert (await api.put("/contacts/1/pin")).status_code == 200


async def test_a_pin_is_not_kept_for_a_request_that_comes_twice(app: Starlette, ana: Client, api: Client) -> None:
    """Neither by programs nor by the page, which sends a key with every act."""
    await make.contact(app)
    for client, method, address in ((api, "PUT", "/contacts/1/pin"), (ana, "POST", "/contacts/1/pin")):
        key = {"idempotency-key": f"again-{method}"}
        assert (await client.request(method, address, headers=key)).is_success
        again = await client.request(method, address, headers=key)
        assert again.status_code == 409 and "shown once" in again.text
    async with app.state.database.transaction(read=True) as tx:
        kept = list(await tx.scalars(select(IdempotencyRow)))
    assert [(row.body, row.headers) for row in kept] == [("", {})] * 2
    assert len(await make.facts(app, "pin.given")) == 2
