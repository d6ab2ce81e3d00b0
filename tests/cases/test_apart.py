"""Addresses of a case's own: answers find their case without any header, and nobody else gets in by them."""

import re
from email.utils import parseaddr

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.delivery import deliver
from server.cases.models import Case
from server.channels.access import channel_at
from server.channels.apart import address_and_key, address_apart
from tests.cases.conftest import HELP, Take, letter
from tests.cases.test_sending import Inbox, pass_time
from tests.cases.test_sending import inbox as inbox
from tests.conftest import Client
from tests.live import assert_live_equals_reload

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def apart(ana: Client, channel: int) -> str:
    assert (await ana.put(f"/settings/channels/{channel}/answers", data={"answers": "apart"})).status_code == 200
    return f"/settings/channels/{channel}"


async def key_of(app: Starlette, number: int = 1) -> str:
    async with app.state.database.transaction(read=True) as tx:
        return (await tx.scalars(select(Case.key).where(Case.number == number))).one()


async def test_letters_ask_for_answers_there(app: Starlette, ana: Client, take: Take, inbox: Inbox, apart: str) -> None:
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    (sent,) = inbox.letters
    assert HELP in sent["From"]
    bare = {"subject": "something else", "text": "It works again"}
    place = parseaddr(" ".join(sent["Reply-To"].split()))[1]
    assert re.fullmatch(r"help\+[0-9a-f]{32}@nogal\.example", place)
    back = await take(To=place, **bare)
    assert back.case is not None and back.case.number == 1
    by_envelope = await take(to=place, To="undisclosed:;", **bare)
    assert by_envelope.case is not None and by_envelope.case.number == 1
    by_server = await take(Delivered_To=place, To="undisclosed:;", **bare)
    assert by_server.case is not None and by_server.case.number == 1


async def test_without_the_setting_letters_ask_for_nothing(
    app: Starlette, ana: Client, take: Take, inbox: Inbox
) -> None:
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert inbox.letters[0]["Reply-To"] is None
    late = await take(to=address_apart(HELP, await key_of(app)), subject="another")
    assert late.case is not None and late.case.number == 1, "one that was given once is good for ever"


async def test_a_stranger_who_knows_it_proves_nothing(app: Starlette, ana: Client, take: Take) -> None:
    await take()
    place = address_apart(HELP, await key_of(app))
    other = await take(to=place, sender="Mallory <m@evil.example>", subject="Hello")
    assert other.case is not None and other.case.number == 2 and other.case.refers_to == 1
    assert not other.case.is_proved and "takes no part in that one" in (await ana.get("/cases/2")).text


async def test_a_key_that_is_none_of_ours_is_an_address_of_the_channel(app: Starlette, take: Take) -> None:
    other = await take(to=address_apart(HELP, "0" * 32))
    assert other.case is not None and other.case.number == 1 and other.case.refers_to is None
    async with app.state.database.transaction(read=True) as tx:
        for unknown in ("help+sale@nogal.example", f"x+{'0' * 32}@nogal.example", f"help+{'0' * 31}@nogal.example"):
            assert await channel_at(tx, unknown) is None, unknown
    assert await deliver(app.state.database, app.state.services.files, "help+x@nogal.example", letter()) is None


async def test_the_address_of_a_merged_case_finds_where_it_went(app: Starlette, ana: Client, take: Take) -> None:
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<b@x.example>", subject="It drips")
    old = address_apart(HELP, await key_of(app))
    await ana.put("/cases/1/merge", data={"into": "2"})
    joined = await take(to=old, subject="And?")
    assert joined.case is not None and joined.case.number == 2


async def test_keys_are_never_the_same_and_long(app: Starlette, take: Take) -> None:
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<b@x.example>")
    first, second = await key_of(app, 1), await key_of(app, 2)
    assert first != second and address_and_key(f"Help+{first.upper()}@Nogal.example") == (HELP, first)


async def test_the_page_tries_it(app: Starlette, ana: Client, take: Take, inbox: Inbox, apart: str) -> None:
    sent = await ana.post(f"{apart}/answers/test")
    assert "The letter left" in sent.text and "is on its way" in (await ana.get(apart)).text
    (probe,) = inbox.letters
    back = await deliver(app.state.database, app.state.services.files, HELP, probe.as_bytes())
    assert back is not None and back.case is None, "it is no customer's"
    assert "a letter to such an address came in" in (await ana.get(apart)).text


async def test_the_page_says_that_it_cannot_leave(ana: Client, take: Take, apart: str) -> None:
    assert "No mail server is set up" in (await ana.post(f"{apart}/answers/test")).text


async def test_the_page_follows(app: Starlette, ana: Client, inbox: Inbox, channel: int, mateo: Client) -> None:
    from tests.channels.test_settings import mateo_becomes_admin

    await mateo_becomes_admin(app)
    place = f"/settings/channels/{channel}"

    async def come_back() -> None:
        await deliver(app.state.database, app.state.services.files, HELP, inbox.letters[0].as_bytes())

    for act in (
        lambda: ana.put(f"{place}/answers", data={"answers": "apart"}),
        lambda: ana.post(f"{place}/answers/test"),
        come_back,
    ):
        await assert_live_equals_reload(app, mateo, place, act, regions=(f"answers-of-{channel}",))


async def test_only_admins_choose(mateo: Client, channel: int) -> None:
    assert (await mateo.put(f"/settings/channels/{channel}/answers", data={"answers": ""})).status_code == 403
    assert (await mateo.post(f"/settings/channels/{channel}/answers/test")).status_code == 403
