"""Cases that belong together: merged, split, parent and child, other records."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from server.cases.intake import case_there
from server.kit.access import Principal
from server.kit.clock import now
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_in_both_languages

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def two(app: Starlette, take: Take) -> None:
    """Two cases of one customer, and one of another."""
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<b@x.example>", subject="It drips", text="And it drips.")
    await take(Message_ID="<c@x.example>", subject="Beans", sender="Oliver <oliver@banks.example>")


async def messages(api: Client, id: int) -> list[tuple[int, str]]:
    return [(one["n"], one["body"]) for one in (await api.get(f"/cases/{id}/messages")).json()["items"]]


async def test_what_was_said_goes_along(app: Starlette, ana: Client, api: Client, two: None) -> None:
    await ana.put("/cases/2", data={"field": "tags", "value": "drip"})
    answer = await ana.put("/cases/2/merge", data={"into": "#1"})
    assert answer.headers["HX-Redirect"] == "/cases/1"
    assert await messages(api, 1) == [(1, "The left wand gives wet steam."), (2, "And it drips.")]
    assert (await api.get("/cases/2")).json()["status"] == "closed"
    assert (await api.get("/cases/1")).json()["said_n"] == 2
    page = (await ana.get("/cases/1")).text
    assert "And it drips." in page and "drip" in page
    there = await ana.get("/cases/2")
    assert (there.status_code, there.headers["location"]) == (303, "/cases/1")


async def test_letters_to_the_old_number_find_the_new_one(ana: Client, api: Client, take: Take, two: None) -> None:
    await ana.put("/cases/2/merge", data={"into": "1"})
    taken = await take(subject="Re: It drips [#2]", text="Still.")
    assert taken.case is not None and taken.case.id == 1
    taken = await take(subject="Re: It drips", In_Reply_To="<b@x.example>", text="More.")
    assert taken.case is not None and taken.case.id == 1


async def test_drafts_survive_a_merge(ana: Client, mateo: Client, two: None) -> None:
    await mateo.put("/cases/2/drafts/reply", data={"text": "Dear Harriet, it drips because"})
    await ana.put("/cases/1/drafts/reply", data={"text": "About the steam:"})
    await ana.put("/cases/2/drafts/reply", data={"text": "About the drip:"})
    await ana.put("/cases/2/merge", data={"into": "1"})
    assert "Dear Harriet, it drips because" in (await mateo.get("/cases/1")).text
    assert "About the steam:\n\nAbout the drip:" in (await ana.get("/cases/1")).text


async def test_what_is_typed_on_after_a_merge_goes_where_the_case_went(ana: Client, mateo: Client, two: None) -> None:
    seen = (await mateo.put("/cases/2/drafts/reply", data={"text": "Dear Harriet, it drips"})).json()["mark"]
    await ana.put("/cases/2/merge", data={"into": "1"})
    more = {"text": "Dear Harriet, it drips because of the seal", "seen": seen}
    assert (await mateo.put("/cases/2/drafts/reply", data=more)).status_code == 200
    assert "it drips because of the seal" in (await mateo.get("/cases/1")).text


async def test_what_was_over_stays_over_when_merged(ana: Client, api: Client, two: None) -> None:
    for id in (1, 2):
        await ana.put(f"/cases/{id}/status", data={"status": "closed"})
    await ana.put("/cases/2/merge", data={"into": "1"})
    assert (await api.get("/cases/1")).json()["status"] == "closed", "both were over: nobody waits"


async def test_an_open_question_opens_the_closed_case_it_is_merged_into(ana: Client, api: Client, two: None) -> None:
    await ana.put("/cases/1/status", data={"status": "closed"})
    await ana.put("/cases/2/merge", data={"into": "1"})
    into = (await api.get("/cases/1")).json()
    assert into["status"] == "open" and into["asked_at"] is not None


async def test_a_merged_case_takes_nothing_more(ana: Client, two: None) -> None:
    await ana.put("/cases/2/merge", data={"into": "1"})
    for answer in (
        await ana.post("/cases/2/messages", data={"audience": "customer", "text": "Hello", "seen": "9"}),
        await ana.put("/cases/2/status", data={"status": "open"}),
        await ana.put("/cases/1/merge", data={"into": "2"}),
    ):
        assert answer.status_code == 422 and "merged" in answer.text


async def test_two_customers_are_never_glued(ana: Client, api: Client, two: None) -> None:
    answer = await ana.put("/cases/3/merge", data={"into": "1"})
    assert answer.status_code == 422 and "two customers" in answer.text
    assert len(await messages(api, 1)) == 1


async def test_a_case_that_is_not_there_is_said_at_its_field(ana: Client, two: None) -> None:
    for typed in ("99", "x", "", "9" * 18, "-1"):
        answer = await ana.put("/cases/2/merge", data={"into": typed}, headers={"HX-Request": "true"})
        assert answer.status_code == 422 and "no case with this number" in answer.text


async def test_split_makes_a_case_of_the_rest(ana: Client, api: Client, take: Take, two: None) -> None:
    await take(In_Reply_To="<a@x.example>", Message_ID="<d@x.example>", text="By the way, where is my invoice?")
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "It is attached.", "seen": "2"})
    invoice = (await api.get("/cases/1/messages")).json()["items"][1]["id"]
    answer = await ana.post(f"/cases/1/messages/{invoice}/split", data={"subject": "Where is the invoice"})
    assert answer.status_code == 201 and answer.headers["Location"] == "/cases/4"
    assert await messages(api, 1) == [(1, "The left wand gives wet steam.")]
    assert await messages(api, 4) == [(1, "By the way, where is my invoice?"), (2, "It is attached.")]
    first, second = (await api.get("/cases/1")).json(), (await api.get("/cases/4")).json()
    assert first["asked_at"] is not None and first["said_n"] == 1
    assert (second["asked_at"], second["status"], second["about"]) == (None, "waiting", "contact:1")
    taken = await take(In_Reply_To="<d@x.example>", text="Thank you.")
    assert taken.case is not None and taken.case.id == 4


async def test_the_first_message_stays(ana: Client, two: None) -> None:
    assert (await ana.post("/cases/1/messages/1/split", data={})).status_code == 422


async def test_parent_and_children(ana: Client, two: None) -> None:
    assert (await ana.put("/cases/2/parent", data={"parent": "1"})).status_code == 200
    assert "It drips" in (await ana.get("/cases/1/around")).text
    assert (await ana.put("/cases/1/parent", data={"parent": "3"})).status_code == 422, "it has children"
    assert (await ana.put("/cases/3/parent", data={"parent": "2"})).status_code == 422, "it has a parent"
    assert (await ana.put("/cases/1/parent", data={"parent": "1"})).status_code == 422
    assert (await ana.put("/cases/2/parent", data={"parent": ""})).status_code == 200


async def test_a_linked_record_shows_the_case_to_those_who_may_see_it(
    app: Starlette, ana: Client, mateo: Client, two: None
) -> None:
    await ana.post("/cases/1/records", data={"about": "contact:2"})
    assert "Steam wand" in (await mateo.get("/panels/cases?about=contact:2")).text
    await make.restrict(ana, 1, "user:1")
    assert "Steam wand" not in (await mateo.get("/panels/cases?about=contact:2")).text
    assert (await ana.post("/cases/1/records", data={"about": "contact:1"})).status_code == 422
    await ana.delete("/cases/1/records/contact:2")
    assert "Steam wand" not in (await ana.get("/panels/cases?about=contact:2")).text


async def test_the_other_screen_follows(app: Starlette, ana: Client, mateo: Client, take: Take, two: None) -> None:
    await app.state.relay.drain()
    for act in (
        lambda: ana.post("/cases/1/records", data={"about": "contact:2"}),
        lambda: ana.put("/cases/2/parent", data={"parent": "1"}),
        lambda: ana.put("/cases/1/followers/me"),
        lambda: ana.put("/cases/1", data={"field": "tags", "value": "steam, urgent"}),
        lambda: ana.put("/cases/1", data={"field": "type", "value": "problem"}),
        lambda: ana.put("/cases/2/merge", data={"into": "1"}),
    ):
        regions = ("case-1-thread", "case-1-facts", "case-around")
        await assert_live_in_both_languages(app, mateo, "/cases/1", act, regions=regions)


async def test_an_answer_in_the_one_answers_no_question_of_the_other(ana: Client, api: Client, two: None) -> None:
    asked = (await api.get("/cases/1")).json()["asked_at"]
    await ana.post("/cases/2/messages", data=REPLY)
    await ana.put("/cases/2/merge", data={"into": "1"})
    after = (await api.get("/cases/1")).json()
    assert (after["asked_at"], after["said_n"]) == (asked, 3) and after["status"] == "new"


async def test_an_undo_after_a_merge_brings_the_question_back(ana: Client, api: Client, two: None) -> None:
    """Each was answered; the answer of the one that took the other in is taken back, while the other’s stands."""
    asked = (await api.get("/cases/1")).json()["asked_at"]
    for id in (1, 2):
        await ana.post(f"/cases/{id}/messages", data=REPLY)
    await ana.put("/cases/2/merge", data={"into": "1"})
    assert (await api.get("/cases/1")).json()["asked_at"] is None
    mine = (await api.get("/cases/1/messages")).json()["items"]
    reply = next(one["id"] for one in mine if one["n"] == 2)
    assert (await ana.delete(f"/cases/1/messages/{reply}")).status_code == 200
    after = (await api.get("/cases/1")).json()
    assert (after["asked_at"], after["status"]) == (asked, "open")


async def test_a_reply_after_a_merge_that_is_taken_back_answers_neither(ana: Client, api: Client, two: None) -> None:
    asked = (await api.get("/cases/1")).json()["asked_at"]
    await ana.post("/cases/2/messages", data=REPLY)
    await ana.put("/cases/2/merge", data={"into": "1"})
    sent = await api.post("/cases/1/messages", json={"body": "To both.", "audience": "customer"})
    assert (await api.get("/cases/1")).json()["asked_at"] is None
    await api.delete(f"/cases/1/messages/{sent.json()['id']}")
    assert (await api.get("/cases/1")).json()["asked_at"] == asked


async def test_the_older_of_two_answers_taken_back_leaves_the_newer(ana: Client, api: Client, take: Take) -> None:
    await take()
    body = {"body": "Close the left valve.", "audience": "customer"}
    first, second = [(await api.post("/cases/1/messages", json=body)).json()["id"] for _time in range(2)]
    await api.delete(f"/cases/1/messages/{first}")
    assert (await api.get("/cases/1")).json()["asked_at"] is None
    await api.delete(f"/cases/1/messages/{second}")
    assert (await api.get("/cases/1")).json()["asked_at"] is not None


async def test_a_question_whose_answer_is_split_off_is_ours_again(ana: Client, api: Client, take: Take) -> None:
    await take(Message_ID="<a@x.example>")
    await take(In_Reply_To="<a@x.example>", text="And where do you deliver?")
    await ana.post("/cases/1/messages", data=REPLY | {"seen": "2"})
    assert (await api.get("/cases/1")).json()["status"] == "waiting"
    await ana.post("/cases/1/messages/2/split", data={"subject": "Delivery"})
    case, other = (await api.get("/cases/1")).json(), (await api.get("/cases/2")).json()
    assert case["asked_at"] is not None and (case["status"], other["status"]) == ("open", "waiting")


async def test_a_reply_for_later_is_held_by_what_a_merge_or_a_split_brings(
    ana: Client, mateo: Client, api: Client, two: None
) -> None:
    """Ana has seen neither Mateo’s answer in the other case nor that her own went to another one."""
    later = REPLY | {"send_at": (now() + timedelta(hours=3)).isoformat()}
    await ana.post("/cases/1/messages", data=later)
    await mateo.post("/cases/2/messages", data=REPLY)
    await mateo.put("/cases/2/merge", data={"into": "1"})
    states = [one["state"] for one in (await api.get("/cases/1/messages")).json()["items"]]
    assert sorted(states) == ["in", "in", "paused", "sending"]
    await ana.post("/cases/3/messages", data=later)
    await mateo.post("/cases/3/messages/6/split", data={"subject": "Beans"})
    assert [one["state"] for one in (await api.get("/cases/4/messages")).json()["items"]] == ["paused"]


async def test_a_letter_that_waited_for_a_merge_goes_where_the_case_went(
    app: Starlette, ana: Client, who: Principal, two: None
) -> None:
    """On PostgreSQL it has found the case that it answers, waits for its row, and gets it merged."""
    await ana.put("/cases/2/merge", data={"into": "1"})
    async with app.state.database.transaction() as tx:
        there = await case_there(tx, who, 2)
        assert there is not None and there.id == 1
