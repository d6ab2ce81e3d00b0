"""A case's page and list: answered once, notes apart, letters harmless, rights at the door."""

import asyncio

import pytest
from starlette.applications import Starlette

from tests import make
from tests.cases.conftest import HELP, Take, letter
from tests.conftest import Client, add_person, client_of

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def case(app: Starlette, take: Take) -> str:
    await take(Message_ID="<a@x.example>")
    return "/cases/1"


async def test_nobody_answers_twice(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    assert (await ana.post(f"{case}/messages", data=REPLY)).status_code == 201
    late = await mateo.post(f"{case}/messages", data=REPLY | {"text": "Have you tried the other wand?"})
    assert late.status_code == 409
    assert "answered while you were writing" in late.text and "Please close the left valve." in late.text
    assert len(await make.facts(app, "case.answered")) == 1
    anyway = await mateo.post(f"{case}/messages", data=REPLY | {"text": "And the other wand?", "seen": "2"})
    assert anyway.status_code == 201


async def test_two_replies_at_once_are_one(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    answers = await asyncio.gather(*(one.post(f"{case}/messages", data=REPLY) for one in (ana, mateo, ana, mateo)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_note_of_a_colleague_stops_no_reply(ana: Client, mateo: Client, case: str) -> None:
    await mateo.post(f"{case}/messages", data={"audience": "team", "note": "I know them."})
    assert (await ana.post(f"{case}/messages", data=REPLY)).status_code == 201


async def test_a_draft_outlives_an_assignment(ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/drafts/reply", data={"text": "Dear Harriet, I have"})
    await mateo.put(f"{case}/assignee", data={"assignee": "me"})
    assert "Dear Harriet, I have" in (await ana.get(case)).text
    assert "has begun a reply" in (await mateo.get(case)).text


async def test_a_reply_takes_the_case_and_waits_for_the_customer(api: Client, ana: Client, case: str) -> None:
    await ana.post(f"{case}/messages", data=REPLY)
    shown = (await api.get("/cases/1")).json()
    assert (shown["assignee"], shown["status"], shown["asked_at"]) == (1, "waiting", None)


async def test_taking_back_makes_it_ours_again(api: Client, ana: Client, case: str) -> None:
    await ana.post(f"{case}/messages", data=REPLY)
    assert (await ana.delete(f"{case}/messages/2")).status_code == 200
    shown = (await api.get("/cases/1")).json()
    assert shown["status"] == "open" and shown["asked_at"]
    assert "Please close the left valve." in (await ana.get(case)).text
    assert (await ana.delete(f"{case}/messages/2")).status_code == 422


async def test_a_letter_runs_nothing(ana: Client, take: Take) -> None:
    html = b'<p onclick="x()">Hi<script>alert(1)</script><img src="http://evil.example/a.png"><b hx-get="/x">!</b></p>'
    raw = letter().replace(b"text/plain", b"text/html").replace(b"The left wand gives wet steam.", html)
    await take(raw)
    answer = await ana.get("/cases/1/messages/1/letter")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]
    for evil in ("script", "onclick", "evil.example", "hx-get"):
        assert evil not in answer.text
    assert "Hi" in answer.text


async def test_attachments_come_as_downloads(ana: Client, take: Take) -> None:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "h@b.example", HELP, "Gauge"
    message.set_content("Here it is")
    message.add_attachment(b"<svg onload=x>", maintype="image", subtype="svg+xml", filename="../../gauge.svg")
    await take(message.as_bytes())
    answer = await ana.get("/case-files/1")
    assert (
        answer.headers["content-disposition"].startswith("attachment")
        and "gauge.svg" in answer.headers["content-disposition"]
    )
    assert answer.headers["content-type"] == "application/octet-stream" and answer.content == b"<svg onload=x>"


async def test_the_case_of_a_closed_record_is_not_there(
    app: Starlette, workspace: object, ana: Client, mateo: Client, case: str
) -> None:
    await make.restrict(ana, 1, "user:1")
    assert (await mateo.get(case)).status_code == 404
    assert "Steam wand" not in (await mateo.get("/cases?view=all")).text
    assert (await ana.get(case)).status_code == 200


async def test_readers_read(app: Starlette, workspace: object, ana: Client, case: str) -> None:
    user = await add_person(app, workspace, "Olga Prieto", "read-only")  # type: ignore[arg-type]
    async with await client_of(app, user) as olga:
        assert (await olga.get(case)).status_code == 200
        assert (await olga.post(f"{case}/messages", data=REPLY)).status_code == 403


async def test_a_wrong_match_is_mended(app: Starlette, ana: Client, case: str) -> None:
    other = await make.contact(app, "Harriet Coleman")
    assert (await ana.put(f"{case}/record", data={"about": other.about})).status_code == 200
    assert "Steam wand" in (await ana.get(other.url)).text
    assert "The left wand gives wet steam" not in (await ana.get("/timeline/contact:1")).text


async def test_the_list_has_views_search_and_numbers(ana: Client, case: str) -> None:
    for address in ("/cases", "/cases?view=unassigned", "/cases?q=steam", "/cases?q=%231", "/cases?q=wet+steam"):
        assert "Steam wand loses pressure" in (await ana.get(address)).text, address
    for address in ("/cases?view=mine", "/cases?view=solved", "/cases?q=grinder"):
        assert "Steam wand loses pressure" not in (await ana.get(address)).text, address


async def test_pages_ask_the_database_little(app: Starlette, ana: Client, take: Take) -> None:
    for number in range(6):
        await take(sender=f"Person {number} <p{number}@b.example>", Message_ID=f"<{number}@x.example>")
    assert await make.statements_of(app, lambda: ana.get("/cases")) <= 9
    assert await make.statements_of(app, lambda: ana.get("/cases/1")) <= 15


async def test_clients_answer_once_too(api: Client, case: str) -> None:
    first = await api.post("/cases/1/messages", json={"body": "Hello", "audience": "customer", "seen": 1})
    assert first.status_code == 201 and first.json()["state"] == "sending"
    late = await api.post("/cases/1/messages", json={"body": "Hello", "audience": "customer", "seen": 1})
    assert late.status_code == 409 and late.json()["theirs"]["n"] == 2
    assert (await api.get("/cases", params={"number": 1})).json()["items"][0]["id"] == 1


async def test_a_case_from_a_call(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    logged = {"about": lucia, "direction": "in", "minutes": "2", "outcome": "talked", "note": "Wants a visit"}
    assert (await ana.post("/calls/logged", data=logged, headers={"hx-request": "true"})).status_code == 201
    call = "1"
    form = (await mateo.get(f"/cases/new?call={call}")).text
    assert "Lucía Ferrer" in form and f'name="call" value="{call}"' in form
    assert f"/cases/new?call={call}" in (await mateo.get(f"/calls/{call}")).text
    given = {"about": lucia, "subject": "Asked for a visit", "call": call, "via": "phone", "text": "On Monday"}
    case = (await mateo.post("/cases", data=given)).headers["location"]
    page = (await ana.get(case)).text
    assert f'href="/calls/{call}"' in page and "Telephone" in page and "On Monday" in page
    assert (await mateo.post("/cases", data=given | {"via": "smoke"})).status_code == 422
    assert (await mateo.post("/cases", data=given | {"call": "999"})).status_code == 404


async def test_a_case_written_down_on_the_record(app: Starlette, ana: Client, lucia: str) -> None:
    number = lucia.partition(":")[2]
    assert f"/cases/new?about={lucia}" in (await ana.get(f"/panels/cases?about={lucia}")).text
    assert 'id="new-case"' in (await ana.get(f"/contacts/{number}")).text
    case = (await ana.post("/cases", data={"about": lucia, "subject": "At the counter", "via": "person"})).headers[
        "location"
    ]
    assert "In person" in (await ana.get(case)).text


async def test_a_program_says_how_a_case_came(api: Client, ana: Client, case: str) -> None:
    given = {"subject": "She called", "about": "contact:1"}
    assert (await api.post("/cases", json=given | {"via": "phone"})).json()["via"] == "phone"
    assert (await api.post("/cases", json=given)).json()["via"] == "email"
    assert (await api.post("/cases", json=given | {"via": "smoke"})).status_code == 422
