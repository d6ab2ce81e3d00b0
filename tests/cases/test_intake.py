"""Which case a letter belongs to: threads are neither torn nor glued."""

import asyncio

from sqlalchemy import text
from starlette.applications import Starlette

from server.cases.delivery import Deliveries
from server.cases.intake import Taken
from server.channels.models import Channel
from tests import make
from tests.cases.conftest import HELP, Take, letter
from tests.conftest import Client


def number(taken: Taken) -> int:
    assert taken.case is not None
    return taken.case.number


async def test_a_stranger_becomes_a_record_that_says_so(app: Starlette, api: Client, take: Take) -> None:
    taken = await take()
    assert taken.case is not None and number(taken) == 1
    record = (await api.get(f"/contacts/{taken.case.contact_id}")).json()
    assert (record["name"], record["tags"]) == ("Harriet Cole", ["new sender"])
    assert [point["value"] for point in record["emails"]] == ["harriet@brightwater.example"]


async def test_any_mail_of_a_person_finds_them(app: Starlette, take: Take) -> None:
    known = await make.contact(app, "Harriet Cole", emails=["h@one.example", "harriet@brightwater.example"])
    taken = await take()
    assert taken.case is not None and taken.case.contact_id == known.id


async def test_a_case_speaks_as_its_letter_does(app: Starlette, take: Take) -> None:
    """To an English address too; what stands on the record counts more."""
    spanish = "Buenos días: la máquina pierde agua por debajo. ¿Pueden venir hoy?"
    languages = []
    await make.contact(app, "Bo", emails=["bo@x.example"], language="en")
    for n, (sender, words) in enumerate(
        (("rosa", spanish), ("jim", "Please send it to me."), ("eve", "5521"), ("bo", spanish))
    ):
        taken = await take(
            sender=f"{sender} <{sender}@x.example>", subject="5521", text=words, Message_ID=f"<{n}@x.example>"
        )
        assert taken.case is not None
        languages.append(taken.case.language)
    assert languages == ["es", "en", "en", "en"]


async def test_an_answer_joins_its_case(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    again = await take(In_Reply_To="<a@x.example>", subject="Quite another subject", Message_ID="<b@x.example>")
    assert number(again) == number(first)
    assert again.message is not None and again.message.n == 2


async def test_references_and_the_number_join_too(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    by_references = await take(References="<zz@y.example> <a@x.example>", Message_ID="<b@x.example>")
    by_number = await take(subject=f"Re: Steam [#{number(first)}]", Message_ID="<c@x.example>")
    assert number(first) == number(by_references) == number(by_number)


async def test_the_subject_alone_never_joins(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    assert number(await take(Message_ID="<b@x.example>")) != number(first)


async def test_the_same_letter_twice_is_one(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    again = await take(Message_ID="<a@x.example>")
    assert again.is_known and number(again) == number(first)
    assert again.message is not None and first.message is not None and again.message.id == first.message.id


async def test_a_stranger_does_not_get_in_by_a_number(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    other = await take(sender="Eve <eve@elsewhere.example>", subject=f"[#{number(first)}] hello")
    assert other.case is not None and number(other) != number(first)
    assert (other.case.refers_to, other.case.follows) == (number(first), None)


async def test_whoever_was_in_copy_may_answer(take: Take) -> None:
    first = await take(Cc="Tom <tom@brightwater.example>", Message_ID="<a@x.example>")
    joined = await take(sender="Tom <tom@brightwater.example>", In_Reply_To="<a@x.example>")
    assert number(joined) == number(first)


async def test_what_comes_from_ourselves_is_dropped(take: Take) -> None:
    assert (await take(sender=f"Nogal <{HELP}>")).case is None


async def test_a_machine_opens_no_case(take: Take) -> None:
    assert (await take(Auto_Submitted="auto-replied", subject="Out of office")).case is None


async def test_quotes_and_signatures_are_cut_and_kept_apart(take: Take) -> None:
    text = "Gracias, lo pruebo.\n\nEl lun, 23 nov 2026 a las 10:12, Ana (<ana@example.org>)\nescribió:\n\n> Hola\n"
    taken = await take(text=text)
    assert taken.message is not None
    assert taken.message.body == "Gracias, lo pruebo."
    assert "> Hola" in taken.message.whole


async def test_an_unknown_address_keeps_nothing(app: Starlette, take: Take) -> None:
    from server.mailbox import deliver

    assert await deliver(app.state.database, app.state.services.files, "nobody@nogal.example", letter()) is None
    assert await make.facts(app, "case.opened", "contact.created") == []


async def test_a_solved_case_is_ours_again_when_the_customer_writes(api: Client, take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    assert first.case is not None
    await api.patch(f"/cases/{first.case.id}", json={"status": "solved"})
    await take(In_Reply_To="<a@x.example>")
    assert (await api.get(f"/cases/{first.case.id}")).json()["status"] == "open"


async def test_a_letter_is_drawn_from_few_statements(app: Starlette, take: Take) -> None:
    """A new sender: the record, the case and what was said, on every screen of the team and of the customer."""
    await take()
    await app.state.relay.drain()
    await take(sender="Nuria Cabrales <nuria@brightwater.example>")
    with make.counted(app) as statements:
        await app.state.relay.drain()
    assert len(statements) <= 24, statements


async def test_a_machine_does_not_get_in_by_a_number(take: Take) -> None:
    first = await take(Message_ID="<a@x.example>")
    said = {"sender": "noreply@evil.example", "Auto_Submitted": "auto-replied"}
    assert (await take(subject=f"[#{number(first)}]", **said)).case is None
    answer = await take(In_Reply_To="<a@x.example>", **said)
    assert answer.case is not None and number(answer) == number(first)


async def test_two_first_letters_at_one_instant_are_of_one_person(app: Starlette, channel: int) -> None:
    """The second waits where the person is looked for, until the first is there to be found."""
    database, deliveries = app.state.database, Deliveries(app.state.services.files)
    first, second = [await deliveries.open(letter(Message_ID=f"<{id}@x.example>")) for id in ("a", "b")]

    async def take_second() -> Taken:
        async with database.transaction() as tx:
            return await deliveries.take(tx, await tx.get_one(Channel, channel), second)

    async with database.transaction() as tx:
        taken = await deliveries.take(tx, await tx.get_one(Channel, channel), first)
        other = asyncio.create_task(take_second())
        if not database.is_sqlite:  # there writers come one by one
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not await tx.scalar(waits):
                await asyncio.sleep(0)
    again = await other
    assert taken.case is not None and again.case is not None and taken.case.id != again.case.id
    assert taken.case.about == again.case.about
    assert len(await make.facts(app, "contact.created")) == 1


async def test_the_id_of_anothers_letter_hides_nobodys_letter(take: Take) -> None:
    """Ids are no secret: whoever was in copy knows them."""
    first = await take(Message_ID="<a@x.example>")
    stranger = {"Message_ID": "<a@x.example>", "sender": "Mallory <m@evil.example>", "text": "Mine"}
    other, again = await take(**stranger), await take(**stranger)
    assert first.case is not None and other.case is not None and other.case.number == 2 and not other.is_known
    assert other.message is not None and other.message.message_id != "<a@x.example>"
    assert again.is_known and again.case is not None and again.case.number == 2, "twice it is still one"
    assert (await take(Message_ID="<a@x.example>")).is_known


async def test_an_answer_goes_where_the_id_was_first(take: Take) -> None:
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<a@x.example>", sender="Mallory <m@evil.example>")
    joined = await take(In_Reply_To="<a@x.example>", Message_ID="<c@x.example>")
    assert joined.case is not None and joined.case.number == 1


async def test_a_letter_without_an_id_is_known_by_its_bytes(take: Take) -> None:
    """A mail server that was told "later" pipes it again."""
    first, again = await take(), await take()
    assert again.is_known and number(again) == number(first)
    assert number(await take(text="Something else")) != number(first)
