"""Drafts are never overwritten unseen: an open page names the text it has seen."""

import asyncio

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.drafts import together
from server.cases.models import CaseDraft, CaseDraftFile, CaseFile
from tests.cases.conftest import Take
from tests.conftest import Client

PLACE = "/cases/1/drafts/reply"
REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture(autouse=True)
async def case(take: Take) -> None:
    await take(Message_ID="<a@x.example>")


async def kept(app: Starlette) -> list[tuple[str, str]]:
    async with app.state.database.transaction(read=True) as tx:
        return [(one.text, one.mark) for one in await tx.scalars(select(CaseDraft).order_by(CaseDraft.kind))]


async def typed(ana: Client, text: str, seen: str = "") -> str:
    answer = await ana.put(PLACE, data={"text": text, "seen": seen})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["mark"])


async def test_each_change_has_another_mark(app: Starlette, ana: Client) -> None:
    first = await typed(ana, "Dear Harriet")
    second = await typed(ana, "Dear Harriet, we", first)
    assert len({first, second, ""}) == 3 and await kept(app) == [("Dear Harriet, we", second)]
    assert f'data-draft-seen="{second}"' in (await ana.get("/cases/1")).text
    assert await typed(ana, "", second) == "" and await kept(app) == []


async def test_two_windows_do_not_overwrite_each_other(app: Starlette, ana: Client) -> None:
    first = await typed(ana, "Dear Harriet")
    second = await typed(ana, "Dear Harriet, from the one window", first)
    late = await ana.put(PLACE, data={"text": "Dear Harriet, from the other", "seen": first})
    assert late.status_code == 409
    assert late.json() == {"text": "Dear Harriet, from the one window", "mark": second}
    assert await kept(app) == [("Dear Harriet, from the one window", second)]
    chosen = f"{late.json()['text']}\n\nDear Harriet, from the other"
    await typed(ana, chosen, second)
    assert (await kept(app))[0][0] == chosen


async def test_an_open_composer_does_not_overwrite_what_was_taken_back(app: Starlette, ana: Client) -> None:
    await ana.post("/cases/1/messages", data=REPLY)
    mark = await typed(ana, "And come by")
    await ana.delete("/cases/1/messages/2")
    late = await ana.put(PLACE, data={"text": "And come by on Monday.", "seen": mark})
    assert late.status_code == 409 and late.json()["text"].startswith("Please close the left valve.")


async def test_an_open_page_does_not_overwrite_what_a_merge_brought(app: Starlette, ana: Client, take: Take) -> None:
    await take(Message_ID="<b@x.example>", subject="It drips")
    mark = await typed(ana, "About the steam")
    await ana.put("/cases/2/drafts/reply", data={"text": "About the drip"})
    await ana.put("/cases/2/merge", data={"into": "1"})
    late = await ana.put(PLACE, data={"text": "About the steam:", "seen": mark})
    assert late.status_code == 409 and "About the drip" in late.json()["text"]


async def test_the_last_words_of_a_page_that_goes_away_are_kept_beside(app: Starlette, ana: Client) -> None:
    await ana.post("/cases/1/messages", data=REPLY)
    mark = await typed(ana, "And come by")
    await ana.delete("/cases/1/messages/2")
    for _twice in range(2):
        values = {"text": "And come by on Monday.", "seen": mark, "last": "1"}
        assert (await ana.put(PLACE, data=values)).status_code == 200
    assert (await kept(app))[0][0] == "Please close the left valve.\n\nAnd come by\n\nAnd come by on Monday."


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [("a", "b", "a\n\nb"), ("ab", "a", "ab"), ("a", "ab", "ab"), ("a", "", "a"), ("", "b", "b")],
)
def test_nothing_is_kept_twice(first: str, second: str, both: str) -> None:
    assert together(first, second) == both


async def test_sending_drops_the_draft_that_was_seen_alone(app: Starlette, ana: Client) -> None:
    first = await typed(ana, "Please close")
    second = await typed(ana, "Words of another window", first)
    await ana.post("/cases/1/messages", data=REPLY | {"draft_mark": first})
    assert await kept(app) == [("Words of another window", second)], "nobody has seen them go"
    await ana.post("/cases/1/messages", data=REPLY | {"seen": "2", "draft_mark": second})
    assert await kept(app) == []


async def test_what_a_program_writes_takes_nothing_of_the_draft(app: Starlette, ana: Client, api: Client) -> None:
    """Its token is Ana’s; what she has begun to write, and the files for it, are hers to send."""
    await typed(ana, "Dear Harriet, half a thought")
    await ana.put("/cases/1/drafts/note", data={"text": "For the team"})
    await ana.post("/cases/1/files", files={"files": ("prices.txt", b"not for them", "text/plain")})
    before = await kept(app)
    await api.post("/cases/1/messages", json={"body": "We have your message", "audience": "customer"})
    await api.post("/cases/1/messages", json={"body": "Told them"})
    assert await kept(app) == before and len(before) == 2
    async with app.state.database.transaction(read=True) as tx:
        assert list(await tx.scalars(select(CaseFile))) == []
        assert [one.name for one in await tx.scalars(select(CaseDraftFile))] == ["prices.txt"]


async def test_a_note_takes_away_only_what_its_writer_had_seen(app: Starlette, ana: Client) -> None:
    mark = (await ana.put("/cases/1/drafts/note", data={"text": "A long note from the other window"})).json()["mark"]
    note = {"audience": "team", "note": "Short"}
    await ana.post("/cases/1/messages", data=note | {"note_mark": "another"})
    assert [text for text, _mark in await kept(app)] == ["A long note from the other window"]
    assert f'name="note_mark" value="{mark}"' in (await ana.get("/cases/1")).text
    await ana.post("/cases/1/messages", data=note | {"note_mark": mark})
    assert await kept(app) == []


async def test_two_windows_that_begin_at_once(app: Starlette, ana: Client) -> None:
    begun = [ana.put(PLACE, data={"text": f"Window {n}", "seen": ""}) for n in range(6)]
    answers = [one.status_code for one in await asyncio.gather(*begun)]
    assert sorted(answers) == [200, *[409] * 5] and len(await kept(app)) == 1
