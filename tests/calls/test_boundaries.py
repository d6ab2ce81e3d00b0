"""What only those do who talk, who host or who are rung; and what outlives them."""

import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from realtime.calls.ports import Joined
from server.calls.book import CallBook
from server.calls.models import Call
from server.contacts.models import Contact
from server.identity.models import Workspace
from server.kit.clock import frozen, now
from server.kit.jobs import JOBS, Work
from tests import make
from tests.calls.conftest import AGREED, Client, in_team, listener, read_call, told
from tests.conftest import add_person, client_of


async def olga(app: Starlette, workspace: Workspace) -> Client:
    """She sees the record, and nobody has asked her."""
    return await client_of(app, await add_person(app, workspace, "Olga Prieto"))


@pytest.mark.parametrize(("path", "form"), [("consent", AGREED), ("messages", {"text": "Hello"}), ("answer", {})])
async def test_a_locked_call_has_no_side_door(
    app: Starlette,
    workspace: Workspace,
    ana: Client,
    mateo: Client,
    call: str,
    book: CallBook,
    path: str,
    form: dict[str, str],
) -> None:
    await ana.put(f"{call}/lock")
    async with await olga(app, workspace) as outsider:
        method = "POST" if path == "messages" else "PUT"
        assert (await outsider.request(method, f"{call}/{path}", data=form)).status_code == 422
    assert await book.seat(await listener(app, 3), (await read_call(app)).room, None) is None
    assert (await mateo.put(f"{call}/answer")).status_code == 200, "it rings for him"


async def test_the_call_is_handed_over_by_its_host_alone(
    app: Starlette, workspace: Workspace, ana: Client, mateo: Client, call: str
) -> None:
    async with await olga(app, workspace) as outsider:
        for to in ("user:3", "user:2"):
            assert (await outsider.post(f"{call}/transfer", data={"to": to})).status_code == 403
        await outsider.put(f"{call}/answer")
        assert (await outsider.put(f"{call}/lock")).status_code == 403, "answering made no host"
    assert (await ana.post(f"{call}/transfer", data={"to": "user:1"})).status_code == 422


async def test_who_was_put_out_comes_back_when_asked_again(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook
) -> None:
    await mateo.put(f"{call}/answer")
    await ana.delete(f"{call}/participants/2")
    for method, path in (("PUT", "answer"), ("PUT", "recording")):
        answer = await mateo.request(method, f"{call}/{path}", data={"state": "on"})
        assert answer.status_code in (403, 422), path
    await ana.post(f"{call}/invitations", data={"to": "user:2"})
    assert (await mateo.put(f"{call}/answer")).status_code == 200
    assert await book.seat(await listener(app, 2), (await read_call(app)).room, None) is not None


async def test_those_outside_switch_no_recording(app: Starlette, workspace: Workspace, ana: Client, call: str) -> None:
    async with await olga(app, workspace) as outsider:
        assert (await outsider.put(f"{call}/recording", data={"state": "on"})).status_code == 403
        assert (await outsider.delete(f"{call}/recording")).status_code == 403


async def test_the_starter_is_asked_back(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    """Who began the call and has left it is rung like anybody."""
    await mateo.put(f"{call}/answer")
    answer = await mateo.post(f"{call}/invitations", data={"to": "user:1"})
    assert answer.status_code == 200 and "It rings for them" in answer.headers["x-toast"]
    assert 'id="ring-1"' in (await ana.get("/calls/ringing")).text


async def test_an_orderly_stop_leaves_no_call_open_for_ever(
    app: Starlette, ana: Client, call: str, book: CallBook
) -> None:
    room = (await read_call(app)).room
    await book.claim(room, "one")
    await told(book, Joined(room, 1e9, 1))
    await book.release(room, "one")
    with frozen() as clock:
        clock.forward(minutes=2)
        await JOBS["calls.sweep"].run(Work(app.state.services, 0, 0, {}))
    ended = await read_call(app)
    assert (ended.is_open, ended.reason) == (False, "lost")


async def test_what_is_held_is_not_erased_with_its_record(app: Starlette, ana: Client, call: str) -> None:
    await ana.delete(call)
    await ana.put(f"{call}/legal-hold")
    await ana.put("/contacts/1/trash")

    async def empty() -> bool:
        with frozen(now()) as clock:
            clock.forward(days=40)
            await JOBS["contacts.empty_trash"].run(Work(app.state.services, 0, 0, {}))
        async with app.state.database.transaction(read=True) as tx:
            return await tx.get(Contact, 1) is None

    assert not await empty()
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Call).values(legal_hold=False))
    assert await empty()


async def test_whom_one_may_ask_are_those_who_may_see_it(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    """A closed record's call is offered to nobody else, neither by name nor by a team they are in."""
    form = f"{call}/invitations/new"
    offered = (await ana.get(form)).text
    assert "Mateo Ríos" in offered and "made under People" in offered
    await make.restrict(ana, 1, "user:1")
    assert "Mateo Ríos" not in (await ana.get(form)).text


async def test_teams_one_may_ask_are_those_with_somebody_who_may_see_it(app: Starlette, ana: Client, call: str) -> None:
    """Of a closed record; the list for handing over is the same as that for asking."""
    assert (await ana.post("/settings/teams", data={"name": "Kitchen"})).status_code == 201
    await in_team(app, 2, 1)
    forms = [f"{call}/transfer/new", f"{call}/invitations/new"]
    for form in forms:
        assert [name in (await ana.get(form)).text for name in ("Sales", "Kitchen")] == [True, True]
    await make.restrict(ana, 1, "user:1", "user:2")
    for form in forms:
        assert [name in (await ana.get(form)).text for name in ("Sales", "Kitchen")] == [True, False]


async def test_somebody_there_keeps_the_door(
    ana: Client, mateo: Client, call: str, book: CallBook, app: Starlette
) -> None:
    """Who started it never came (a program, a browser without a microphone): whoever is there first is host."""
    await mateo.put(f"{call}/answer")
    assert (await mateo.put(f"{call}/lock")).status_code == 403
    await told(book, Joined((await read_call(app)).room, 1e9, 2))
    assert (await mateo.put(f"{call}/lock")).status_code == 200
    await told(book, Joined((await read_call(app)).room, 1e9 + 5, 1))
    assert (await ana.delete(f"{call}/lock")).status_code == 200, "and who started it, when they come"
