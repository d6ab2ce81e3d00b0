"""People in copy: they get the replies, they may answer, and nothing of theirs becomes the requester's."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from server.cases.intake import Taken
from server.cases.models import Case
from server.kit.clock import now
from tests.cases.conftest import HELP, Take
from tests.cases.test_automatic import report
from tests.cases.test_sending import Inbox, pass_time, state_of
from tests.cases.test_sending import inbox as inbox
from tests.conftest import Client
from tests.live import assert_live_equals_reload

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "2"}
FIRST = REPLY | {"seen": "1"}
COPIED = {"To": f"Help <{HELP}>, Bo <bo@brightwater.example>", "Cc": "Kai <kai@partner.example>"}


async def offered(ana: Client) -> list[str]:
    page = (await ana.get("/cases/1")).text.partition("<template><span")[0]
    return [part.partition('"')[0] for part in page.split('name="also" value="')[1:]]


async def named(ana: Client) -> list[str]:
    page = (await ana.get("/cases/1")).text
    return [part.partition('"')[0] for part in page.split('data-copy-take="')[1:]]


@pytest.fixture
async def proved(app: Starlette, take: Take) -> Take:
    """Case 1, and letters that come to its own address, which nobody knows whom we have not written to."""
    await take(Message_ID="<a@x.example>")

    async def one(**parts: str) -> Taken:
        async with app.state.database.transaction(read=True) as tx:
            key = (await tx.get_one(Case, 1)).key
        return await take(to=f"help+{key}@nogal.example", **parts)

    return one


async def test_who_names_others_without_proof_adds_nobody(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    """Anybody may type Harriet’s address, and the number of her case."""
    await take(Message_ID="<a@x.example>")
    await take(subject="Re: [#1]", Cc="mallory@evil.example", In_Reply_To="<a@x.example>", Message_ID="<b@x.example>")
    assert (await offered(ana), await named(ana)) == ([], ["mallory@evil.example"])
    await take(sender="mallory@evil.example", In_Reply_To="<b@x.example>", Message_ID="<c@x.example>")
    assert (await offered(ana), await named(ana)) == ([], ["mallory@evil.example"])
    body = {"body": "Hello", "audience": "customer"}
    said = (await api.post("/cases/1/messages", json=body)).json()
    assert (said["copies"], said["left_out"]) == ([], ["mallory@evil.example"])
    assert (await api.post("/cases/1/messages", json={"body": "A note"})).json()["left_out"] == []
    await pass_time(app)
    assert inbox.letters[0]["Cc"] is None
    said = (await api.post("/cases/1/messages", json=body | {"copies": said["left_out"]})).json()
    assert (said["copies"], said["left_out"]) == (["mallory@evil.example"], [])


async def test_who_answers_a_letter_of_ours_may_name_others(
    app: Starlette, ana: Client, take: Take, inbox: Inbox
) -> None:
    await take(Message_ID="<a@x.example>", Cc="bo@brightwater.example")
    await ana.post("/cases/1/messages", data=FIRST | {"also": ["bo@brightwater.example"]})
    await pass_time(app)
    ours = str(inbox.letters[0]["Message-ID"])
    await take(In_Reply_To=ours, Cc="kai@partner.example", Message_ID="<b@x.example>")
    assert (await offered(ana), await named(ana)) == (["kai@partner.example"], [])
    forged = "mallory@evil.example, kai@partner.example, bo@brightwater.example"
    await take(subject="[#1]", Cc=forged, Message_ID="<c@x.example>")
    both = ["bo@brightwater.example", "kai@partner.example"]
    assert (await offered(ana), await named(ana)) == (both, ["mallory@evil.example"]), "who read along still does"


async def test_who_stood_in_copy_gets_the_reply(app: Starlette, ana: Client, proved: Take, inbox: Inbox) -> None:
    await proved(Message_ID="<z@x.example>", **COPIED)
    assert await offered(ana) == ["bo@brightwater.example", "kai@partner.example"]
    await ana.post("/cases/1/messages", data=REPLY | {"also": ["bo@brightwater.example", "kai@partner.example"]})
    await pass_time(app)
    (sent,) = inbox.letters
    assert sent["Cc"] == "bo@brightwater.example, kai@partner.example" and "harriet@" in sent["To"]
    bodies = [part.get_payload(decode=True).decode() for part in sent.get_payload()]  # type: ignore[union-attr]
    assert "left valve" in bodies[0] and not any("/p/case/" in one for one in bodies), "that is the requester’s page"
    assert "Also to bo@brightwater.example, kai@partner.example" in (await ana.get("/cases/1")).text


async def test_who_was_taken_out_gets_nothing(app: Starlette, ana: Client, proved: Take, inbox: Inbox) -> None:
    await proved(**COPIED)
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert inbox.letters[0]["Cc"] is None


async def test_our_own_addresses_are_never_written_to(app: Starlette, ana: Client, proved: Take, inbox: Inbox) -> None:
    second = {"address": "sales@nogal.example", "name": "Sales", "language": "en"}
    await ana.post("/settings/channels", data=second)
    own = f"sales@nogal.example, help+{'0' * 32}@nogal.example, harriet@brightwater.example, kai@partner.example"
    await proved(Cc=own)
    assert await offered(ana) == ["kai@partner.example"]
    await ana.post("/cases/1/messages", data=REPLY | {"also": ["sales@nogal.example", HELP, "kai@partner.example"]})
    await pass_time(app)
    assert inbox.letters[0]["Cc"] == "kai@partner.example"


async def test_whom_mail_cannot_reach_is_left_out(ana: Client, proved: Take) -> None:
    raw = f"From: <harriet@brightwater.example>\nTo: {HELP}\nCc: ñandu@cust.example, bo@cust.example\nSubject: Hi\n\nHello"
    await proved(raw=raw.encode())
    assert await offered(ana) == ["bo@cust.example"]


async def test_there_is_an_end_to_it(ana: Client, proved: Take) -> None:
    await proved(Cc=", ".join(f"p{n}@x.example" for n in range(30)))
    assert len(await offered(ana)) == 20
    many = REPLY | {"also": [f"p{n}@x.example" for n in range(21)]}
    answer = await ana.post("/cases/1/messages", data=many)
    assert answer.status_code == 422 and "At most 20" in answer.text
    wrong = await ana.post("/cases/1/messages", data=REPLY | {"also": ["Bcc: everybody"]})
    assert wrong.status_code == 422


async def test_a_client_writes_to_them_too(app: Starlette, api: Client, proved: Take, inbox: Inbox) -> None:
    await proved(**COPIED)
    body = {"body": "Hello", "audience": "customer"}
    first = (await api.post("/cases/1/messages", json=body)).json()
    assert first["copies"] == ["bo@brightwater.example", "kai@partner.example"]
    second = (await api.post("/cases/1/messages", json=body | {"copies": []})).json()
    assert second["copies"] == []
    assert (await api.post("/cases/1/messages", json=body | {"copies": ["no address"]})).status_code == 422


async def test_they_answer_as_themselves(ana: Client, api: Client, proved: Take) -> None:
    await proved(Message_ID="<z@x.example>", **COPIED)
    kai = {"sender": "Kai Sand <kai@partner.example>", "text": "We have the part.", "Message_ID": "<b@x.example>"}
    joined = await proved(In_Reply_To="<z@x.example>", Cc="harriet@brightwater.example", **kai)
    assert joined.case is not None and joined.case.number == 1
    page = (await ana.get("/cases/1")).text
    assert "Kai Sand" in page and (await api.get("/cases/1")).json()["about"] == "contact:1"
    names = [one["name"] for one in (await api.get("/contacts")).json()["items"]]
    assert names == ["Harriet Cole", "Kai Sand"], "they have a record of their own"
    assert "Steam wand loses pressure" in (await ana.get("/panels/cases?about=contact:2")).text
    assert await offered(ana) == ["kai@partner.example"], "who wrote last is answered, the requester is asked anyway"


@pytest.mark.parametrize("by", ["harriet@brightwater.example", "kai@partner.example"])
async def test_the_composer_follows(app: Starlette, ana: Client, mateo: Client, proved: Take, by: str) -> None:
    await proved(Message_ID="<z@x.example>", **COPIED)
    await app.state.relay.drain()
    more = {"sender": by, "Cc": "new@partner.example, kai@partner.example", "Message_ID": "<b@x.example>"}
    act = lambda: proved(In_Reply_To="<z@x.example>", **more)  # noqa: E731
    await assert_live_equals_reload(app, mateo, "/cases/1", act, regions=("case-1-copies", "case-1-thread"))


BOTH = {"also": ["bo@brightwater.example", "kai@partner.example"]}


@pytest.mark.parametrize(
    ("refused", "state", "words"),
    [
        ("kai@partner.example", "sent", "Did not reach kai@partner.example: The mail server did not take it"),
        ("harriet@brightwater.example", "failed", "Not sent: The mail server did not take it"),
    ],
)
async def test_whom_the_mail_server_refused_is_named(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox, refused: str, state: str, words: str
) -> None:
    """It takes a letter for some of those it is for. What the customer did not get was not sent, and goes to nobody twice."""
    inbox.unknown = {refused}
    await take(**COPIED)
    await ana.post("/cases/1/messages", data=FIRST | BOTH)
    await pass_time(app)
    await pass_time(app, 7200)
    assert await state_of(api, 2) == state and len(inbox.letters) == 1
    assert words in (await ana.get("/cases/1")).text
    assert (await ana.get("/notices")).text.count("A reply of yours did not arrive") == 1
    assert (await api.get("/cases/1")).json()["status"] == ("waiting" if state == "sent" else "open")


async def test_a_report_on_somebody_in_copy_is_none_on_the_customer(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    """The customer has the reply: who believed otherwise would answer twice."""
    await take(Message_ID="<a@x.example>", **COPIED)
    await ana.post("/cases/1/messages", data=FIRST | BOTH)
    await pass_time(app)
    id = str(inbox.letters[0]["Message-ID"])
    for _again in range(2):
        await take(raw=report(id).replace(b"rfc822; harriet@brightwater.example", b"rfc822; Kai@partner.example"))
    assert await state_of(api, 2) == "sent" and (await api.get("/cases/1")).json()["status"] == "waiting"
    assert "Did not reach kai@partner.example: There is no such address" in (await ana.get("/cases/1")).text
    assert (await ana.get("/notices")).text.count("A reply of yours did not arrive") == 1
    two = b"Final-Recipient: rfc822; kai@partner.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; har"
    await take(raw=report(id, n=2).replace(b"Final-Recipient: rfc822; har", two))
    assert await state_of(api, 2) == "failed" and (await api.get("/cases/1")).json()["status"] == "open"


async def test_who_could_not_be_named_by_hand_stops_no_reply(ana: Client, api: Client, proved: Take) -> None:
    await proved(Cc="root@localhost, bo@brightwater.example")
    assert await offered(ana) == ["bo@brightwater.example"]
    sent = await api.post("/cases/1/messages", json={"body": "Hello", "audience": "customer"})
    assert sent.status_code == 201 and sent.json()["copies"] == ["bo@brightwater.example"]


async def test_whom_nothing_went_to_gets_into_no_case(app: Starlette, ana: Client, take: Take, inbox: Inbox) -> None:
    """A name that was typed wrong and taken back was never told of the case."""
    await take()
    later = (now() + timedelta(hours=3)).isoformat()
    await ana.post("/cases/1/messages", data=FIRST | {"also": ["kay@partner.example"], "send_at": later})
    letter = {"sender": "kay@partner.example", "subject": "[#1] Hello"}
    first = await take(Message_ID="<k1@x.example>", **letter)
    await ana.delete("/cases/1/messages/2")
    second = await take(Message_ID="<k2@x.example>", **letter)
    assert [one.case.id for one in (first, second) if one.case] == [2, 3]
