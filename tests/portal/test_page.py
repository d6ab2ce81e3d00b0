"""The customer's page of one case: what stands there, what may be done there, and that the link is all it takes."""

import re

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.access import WHOLE
from server.cases.models import Case, CaseFile, CaseMessage
from server.contacts.models import Contact
from server.kit.clock import frozen
from server.portal.access import shown_file
from server.portal.queries import shown_message
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.portal.conftest import LinkOf, bearer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


async def test_it_shows_what_was_said_and_nothing_of_the_team(
    app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    await ana.post(f"{case}/messages", data={"audience": "team", "note": "Zebracorn note"})
    await ana.put(f"{case}/drafts/reply", data={"text": "Zebracorn draft"})
    await ana.put(case, data={"field": "priority", "value": "urgent"})
    page = await anybody.get(await link_of())
    assert page.status_code == 200 and "The left wand gives wet steam." in page.text
    assert "Steam wand loses pressure" in page.text and "It is our turn" in page.text
    assert not re.search("Zebracorn|urgent|Ana|Beltrán|harriet@", page.text)
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers


async def test_looking_changes_nothing(app: Starlette, anybody: Client, case: str, link_of: LinkOf) -> None:
    link = await link_of()
    before = len(await make.facts(app))
    for _ in range(3):
        await anybody.get(link)
        await anybody.get("/p/case", headers=bearer(link))
    assert len(await make.facts(app)) == before


async def test_a_letter_is_there_once_it_has_left(
    app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    await ana.post(f"{case}/messages", data={"audience": "customer", "text": "Close the **left** valve.", "seen": "1"})
    assert "left" not in (await anybody.get(link)).text.replace("The left wand", "")
    async with app.state.database.transaction() as tx:
        for message in await tx.scalars(select(CaseMessage)):
            message.state = "sent" if message.state == "sending" else message.state
    page = await anybody.get(link)
    assert "Close the <strong>left</strong> valve." in page.text and "<b>Ana</b>" in page.text
    assert "We wait for your answer" in page.text


async def test_they_answer_with_files_and_without_scripts(
    app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    await ana.put(f"{case}/status", data={"status": "solved"})
    files = [("files", ("gauge.png", PNG, "image/png")), ("files", ("<b>.txt", b"words", "text/plain"))]
    answer = await anybody.post(link, data={"text": "It is <b>back</b>."}, files=files)
    assert answer.status_code == 303 and answer.headers["location"] == link
    page = await anybody.get(link)
    assert "It is &lt;b&gt;back&lt;/b&gt;." in page.text and "It is our turn" in page.text
    numbers = re.findall(r"\?file=(\d+)", page.text)
    sent = await anybody.get(f"{link}?file={numbers[1]}")
    assert sent.text == "words" and sent.headers["content-disposition"].startswith("attachment")
    thread = (await ana.get(case)).text
    assert "It is &lt;b&gt;back&lt;/b&gt;." in thread and "Customer page" in thread and "gauge.png" in thread
    assert (await make.facts(app, "case.received"))[-1].actor_id is None


async def test_a_second_try_makes_no_second_message(
    app: Starlette, anybody: Client, case: str, link_of: LinkOf
) -> None:
    headers = bearer(await link_of()) | {"idempotency-key": "9d1f6f0e-0000-4000-8000-000000000001"}
    for _ in range(3):
        answer = await anybody.post("/p/case/messages", data={"text": "Once"}, headers=headers)
        assert answer.status_code == 204
    assert len(await make.facts(app, "case.received")) == 2


async def test_a_wrong_old_or_revoked_link_opens_nothing(
    app: Starlette, ana: Client, anybody: Client, take: Take, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    await take(sender="Bo <bo@x.example>", subject="Another", text="Secret of Bo", Message_ID="<b@x.example>")
    other = await link_of("/cases/2")
    assert "Secret of Bo" not in (await anybody.get(link)).text
    file_of_other = await anybody.post(other, files=[("files", ("bo.txt", b"his", "text/plain"))], data={"text": "x"})
    assert file_of_other.status_code == 303
    assert (await anybody.get(f"{link}?file=1")).status_code == 404
    assert (await anybody.get(f"{other}?file=1")).status_code == 200
    for wrong in (link[:-1], link + "x", "/p/case/x", link.swapcase()):
        assert (await anybody.get(wrong)).status_code == 404
    with frozen() as clock:
        clock.forward(days=61)
        assert (await anybody.get(link)).status_code == 404
    assert (await ana.delete(f"{case}/links")).status_code == 200
    for method, address in (("GET", link), ("POST", link), ("GET", f"{link}?file=1")):
        assert (await anybody.request(method, address)).status_code == 404
    assert (await anybody.post("/p/case/messages", data={"text": "x"}, headers=bearer(link))).status_code == 404
    assert (await anybody.get(other)).status_code == 200, "of another case"


async def test_a_trashed_record_takes_its_links_along(
    app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    await ana.put("/contacts/1/trash")
    assert (await anybody.get(link)).status_code == 404
    await ana.delete("/contacts/1/trash")
    assert (await anybody.get(link)).status_code == 404


async def test_a_thousand_messages_a_minute_are_too_many(
    app: Starlette, anybody: Client, case: str, link_of: LinkOf
) -> None:
    headers = bearer(await link_of())
    codes = [
        (await anybody.post("/p/case/messages", data={"text": f"n{n}"}, headers=headers)).status_code for n in range(40)
    ]
    assert codes.count(204) == 30 and codes[-1] == 429


async def test_how_it_was(app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf) -> None:
    link = await link_of()
    assert "How did we do?" not in (await anybody.get(link)).text
    await ana.put(f"{case}/status", data={"status": "solved"})
    assert "How did we do?" in (await anybody.get(link)).text
    for stars in ("0", "6", "x", ""):
        assert (await anybody.post("/p/case/rating", data={"stars": stars}, headers=bearer(link))).status_code == 422
    rated = await anybody.post(f"{link}?act=rating", data={"stars": "4", "words": "<i>Quick</i>"})
    assert rated.status_code == 303
    assert "4 of 5" in (await ana.get(f"{case}/customer")).text
    assert "&lt;i&gt;Quick&lt;/i&gt;" in (await ana.get(case)).text


@pytest.mark.parametrize("language", ["en", "es"])
async def test_live_equals_reload_for_the_customer(
    app: Starlette, ana: Client, anybody: Client, case: str, take: Take, link_of: LinkOf, language: str
) -> None:
    async with app.state.database.transaction() as tx:
        (await tx.get_one(Contact, 1)).language = language
    link = await link_of()
    for act in (
        lambda: take(In_Reply_To="<a@x.example>", text="It works, thank you."),
        lambda: anybody.post("/p/case/messages", data={"text": "And again"}, headers=bearer(link)),
        lambda: ana.put(f"{case}/reading", data={"n": "9"}),
        lambda: ana.put(case, data={"field": "subject", "value": "Wet steam"}),
        lambda: ana.put(f"{case}/status", data={"status": "solved"}),
        lambda: anybody.post("/p/case/rating", data={"stars": "5", "words": "Good"}, headers=bearer(link)),
    ):
        await assert_live_equals_reload(app, anybody, link, act, language=language, regions=("said", "state", "seen"))


async def test_live_equals_reload_for_the_team(
    app: Starlette, ana: Client, mateo: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    await app.state.relay.drain()
    where = {"n": "1", "page": "https://nogal.example/grinders?secret=1#x", "title": "Grinders"}
    for act in (
        lambda: anybody.post("/p/case/reading", data=where, headers=bearer(link)),
        lambda: anybody.post("/p/case/messages", data={"text": "And again"}, headers=bearer(link)),
        lambda: link_of(),
        lambda: ana.put(f"{case}/status", data={"status": "solved"}),
        lambda: anybody.post("/p/case/rating", data={"stars": "2"}, headers=bearer(link)),
        lambda: ana.delete(f"{case}/links"),
    ):
        await assert_live_equals_reload(app, mateo, f"{case}/customer", act, regions=("case-1-customer",))
    assert "https://nogal.example/grinders" in (await mateo.get(f"{case}/customer")).text
    assert "secret" not in (await mateo.get(f"{case}/customer")).text


async def test_each_letter_carries_a_link_of_its_own(
    app: Starlette, ana: Client, anybody: Client, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []

    class Post:
        is_real = True

        async def post(self, letter: object) -> None:
            sent.append(letter)

    object.__setattr__(app.state.worker._services, "mailer", Post())
    await ana.post(f"{case}/messages", data={"audience": "customer", "text": "Close the valve.", "seen": "1"})
    with frozen() as clock:
        clock.forward(seconds=11)
        await app.state.worker.drain()
    (letter,) = sent
    plain, html = (part.get_content() for part in letter.iter_parts())
    link = re.search(r"/p/case/[\w-]{43}", plain)
    assert link is not None and link[0] in html and "Read and answer" in plain
    assert "Close the valve." in (await anybody.get(link[0])).text


async def test_links_lead_on_when_two_cases_become_one(
    app: Starlette, ana: Client, anybody: Client, case: str, take: Take, link_of: LinkOf
) -> None:
    """Both went to one mailbox: who reads there reads all of it."""
    await take(Message_ID="<b@x.example>", subject="It drips", text="My account number is 4711.")
    links = [await link_of(case), await link_of("/cases/2")]
    assert (await ana.put("/cases/2/merge", data={"into": "1"})).status_code == 200
    for link in links:
        answer = await anybody.get(link)
        assert answer.status_code == 200 and "4711" in answer.text and "Case 1" in answer.text
    said = await anybody.post("/p/case/messages", data={"text": "And now?"}, headers=bearer(links[1]))
    assert said.status_code == 204 and "And now?" in (await ana.get(case)).text


async def test_a_claim_leads_to_nobodys_words_when_two_cases_become_one(
    app: Starlette, ana: Client, anybody: Client, case: str, take: Take, link_of: LinkOf
) -> None:
    """Who began a chat may only have claimed to be this customer: what the customer wrote elsewhere is not theirs."""
    await take(Message_ID="<b@x.example>", subject="It drips", text="My account number is 4711.")
    async with app.state.database.transaction() as tx:
        (await tx.get_one(Case, 1)).via = "chat"
    links = [await link_of(case), await link_of("/cases/2")]
    assert (await ana.put("/cases/1/merge", data={"into": "2"})).status_code == 200
    answer = await anybody.get(links[0])
    assert answer.status_code == 404 and "4711" not in answer.text
    assert "joined with another one, and goes on by mail" in answer.text
    assert (await anybody.get(links[1])).status_code == 200
    assert "4711" in (await anybody.get(await link_of("/cases/2"))).text


async def test_what_is_closed_stays_closed(
    app: Starlette, ana: Client, anybody: Client, api: Client, case: str, link_of: LinkOf
) -> None:
    """As with a letter: the customer goes on in a new case that names the old, and both stand on their page."""
    link = await link_of()
    await ana.put(f"{case}/status", data={"status": "closed"})
    assert "What you write below goes on in a new one" in (await anybody.get(link)).text
    for words in ("It is back.", "And it drips."):
        assert (await anybody.post("/p/case/messages", data={"text": words}, headers=bearer(link))).status_code == 204
    cases = (await api.get("/cases")).json()["items"]
    assert [(one["number"], one["status"]) for one in cases] == [(1, "closed"), (2, "new")]
    page = (await anybody.get(link)).text
    assert "It is back." in page and "And it drips." in page and "left wand" in page
    assert "goes on from case 1" in (await ana.get("/cases/2")).text


async def test_how_it_was_is_asked_in_its_time(
    app: Starlette, ana: Client, anybody: Client, case: str, link_of: LinkOf
) -> None:
    link = await link_of()
    rate = lambda: anybody.post("/p/case/rating", data={"stars": "5"}, headers=bearer(link))  # noqa: E731
    assert (await rate()).status_code == 422
    with frozen() as clock:
        await ana.put(f"{case}/status", data={"status": "solved"})
        clock.forward(days=29)
        assert (await rate()).status_code == 204
        clock.forward(days=2)
        assert "Thank you. How was it?" not in (await anybody.get(link)).text
        late = await rate()
        assert late.status_code == 422 and "for thirty days" in late.text


async def test_what_somebody_in_copy_wrote_to_us_alone_is_not_the_requesters(
    app: Starlette, anybody: Client, take: Take, link_of: LinkOf
) -> None:
    await take(Message_ID="<a@x.example>", Cc="kai@partner.example")
    link = await link_of()
    kai = {"sender": "kai@partner.example", "In_Reply_To": "<a@x.example>"}
    await take(text="For you alone: Zebracorn", Message_ID="<b@x.example>", **kai)
    await take(text="For both of you", Message_ID="<c@x.example>", Cc="Harriet@brightwater.example", **kai)
    async with app.state.database.transaction() as tx:
        for id in (2, 3):
            tx.add(CaseFile(message_id=id, name="a.txt", size=1, type="text/plain", key="none"))
    page = (await anybody.get(link)).text
    assert "For both of you" in page and "Zebracorn" not in page
    assert (await anybody.get(f"{link}?file=1")).status_code == 404
    async with app.state.database.transaction(read=True) as tx:
        case = (await tx.scalars(select(Case).options(*WHOLE))).one()
        shown = [await shown_message(tx, case, id) for id in (1, 2, 3)]
        assert [one is not None for one in shown] == [True, False, True]
        assert (await shown_file(tx, case, 2)).message_id == 3
