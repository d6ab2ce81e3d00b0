"""What is told of closed things beside pages and lists: a company's name, live frames, topics."""

import json

from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.doors import LiveDoors, Person
from server.identity.models import Workspace
from server.kit.patches import PatchSource, TopicRow
from tests import make
from tests.conftest import Client
from tests.house.rights.sweep import MISSING, WORD, Place, act_as, person


async def test_who_may_see_a_company_reads_its_name(app: Starlette, place: Place, ana: Client, mateo: Client) -> None:
    """The sweep above would pass too if the name stood nowhere."""
    olga = f"/contacts/{place.beside['contact']}"
    for client in (ana, mateo):
        for address in (f"{olga}/facts", f"/api/v1{olga}", f"/export{olga}.vcf", "/export/contacts.csv"):
            assert f"{WORD} Company" in (await client.get(address)).text, address


async def test_nobody_finds_people_by_a_closed_company(app: Starlette, workspace: Workspace, place: Place) -> None:
    browser, api = await act_as(app, workspace, "colleague")
    for address in (
        f"/contacts?q={WORD}",
        f"/palette?q={WORD}",
        f"/search?q={WORD}",
        f"/contacts?company={place.numbers['company']}",
    ):
        answer = await browser.request("GET", address)
        assert answer.status_code == 200 and "Olga" not in answer.text, address
    for query in (f"q={WORD}", f"company={place.numbers['company']}"):
        answer = await api.request("GET", f"/api/v1/contacts?{query}")
        assert json.loads(answer.text)["items"] == [], query


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


NOT_NUMBERS = ("", "x", "-1", "0", "1:2:3", "²", "9" * 40)


async def test_nobody_listens_to_what_they_may_not_see(app: Starlette, workspace: Workspace, place: Place) -> None:
    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    numbers = place.numbers
    closed = {f"{kind}:{numbers[kind]}" for kind in ("contact", "company", "task", "room", "call")}
    closed |= {f"call:{numbers['call']}:team", f"call:{numbers['call']}:all", f"case:{numbers['case']}:team"}
    closed |= {f"room:{numbers['direct']}", f"room:{numbers['room']}:news"}
    personal = {"user:1", "user:2"}
    kinds = set(app.state.house.topics)
    missing = {f"{kind}:{rest}" for kind in kinds for rest in (str(MISSING), *NOT_NUMBERS)} | {"nothing:1"}
    shared = {f"{kind}:{workspace.id}" for kind in ("contacts", "tasks", "calls", "cases", "workspace")}
    admins = {f"webhooks:{workspace.id}"}  # a colleague is one here
    for name in ("colleague", "read-only", "stranger"):
        user = await person(app, workspace, name)
        listener = Person(await make.person(app, user.id), "en")
        heard = await doors.may_listen(listener, closed | personal | missing | shared | admins | {f"user:{user.id}"})
        own = {"colleague": shared | admins, "read-only": shared}.get(name, set())
        assert heard == own | {f"user:{user.id}"}, name
    ana = Person(await make.person(app, 1), "en")
    assert await doors.may_listen(ana, closed | shared) == closed | shared


async def test_every_kind_of_topic_is_in_the_sweep(app: Starlette) -> None:
    records = {"contact", "company", "task", "room", "call", "case"}
    shared = {"contacts", "tasks", "calls", "cases", "workspace"}
    assert set(app.state.house.topics) == records | shared | {"user", "job", "webhooks"}
