"""Forms: what is asked is checked, what is typed is claimed, programs are let down, and no other site shows it."""

import asyncio
import html
import re

import pytest
from starlette.applications import Starlette

from server.kit.clock import FakeClock, frozen
from tests import make
from tests.conftest import Client
from tests.portal.places import SITE, place

TYPED = {"name": "Harriet Cole", "emails": "harriet@brightwater.example", "text": "The wand is wet.", "subject": "Wand"}


@pytest.fixture
async def form(app: Starlette, ana: Client) -> str:
    return "/p/form/" + await place(ana, "form", thanks_en="Thank you kindly", title_en="Ask our people")


async def fill(anybody: Client, form: str, clock: FakeClock, wait: float = 5, **typed: str) -> dict[str, str]:
    """What a browser sends after somebody has typed for a while."""
    page = (await anybody.get(form)).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    clock.forward(seconds=wait)
    return hidden | TYPED | typed


async def test_it_makes_a_case(app: Starlette, ana: Client, anybody: Client, form: str) -> None:
    with frozen() as clock:
        sent = await fill(
            anybody, form + "?utm_source=spring&utm_campaign=mills", clock, referrer="https://x.example/a?b"
        )
        answer = await anybody.post(form, data=sent, files=[("files", ("a.txt", b"words", "text/plain"))])
    assert answer.status_code == 201 and "Thank you kindly" in answer.text and "<b>1</b>" in answer.text
    page = (await ana.get("/cases/1")).text
    for word in ("Wand", "The wand is wet.", "Form", "a.txt", "harriet@brightwater.example", "claimed", "new sender"):
        assert word in page + (await ana.get("/contacts/1")).text, word
    beside = (await ana.get("/cases/1/customer")).text
    assert "spring" in beside and "mills" in beside and "x.example" in beside


async def test_first_words_by_two_ways_at_once_are_of_one_person(
    app: Starlette, ana: Client, anybody: Client, api: Client, form: str
) -> None:
    chat = "/p/widget/" + await place(ana, "chat")
    people = [{"emails": f"p{n}@x.example"} for n in range(5)]
    with frozen() as clock:
        sent = [await fill(anybody, form, clock, **one) for one in people]
        ways = [*((form, one) for one in sent), *((chat, {"text": "Hello"} | one) for one in people)]
        answers = await asyncio.gather(*(anybody.post(where, data=what) for where, what in ways))
    assert {one.status_code for one in answers} == {201}
    assert len((await api.get("/contacts")).json()["items"]) == 5


async def test_what_is_typed_changes_no_record(app: Starlette, ana: Client, anybody: Client, form: str) -> None:
    await make.contact(app, "Harriet Real", emails="harriet@brightwater.example", title="Owner")
    before = (await ana.get("/api/v1/contacts")).text
    with frozen() as clock:
        answer = await anybody.post(form, data=await fill(anybody, form, clock, name="Somebody Else"))
    assert answer.status_code == 201 and "Harriet Real" not in answer.text
    assert (await make.facts(app, "contact.changed", "contact.created"))[-1].data.get("title") == "Harriet Real"
    assert "Somebody Else" in (await ana.get("/cases/1")).text
    assert before.count("Harriet Real") == (await ana.get("/api/v1/contacts")).text.count("Harriet Real")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"emails": ""}, "This is needed"),
        ({"emails": "no mail"}, "is no e-mail address"),
        ({"text": " "}, "Please write what it is about"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    app: Starlette, ana: Client, anybody: Client, form: str, typed: dict[str, str], said: str
) -> None:
    with frozen() as clock:
        answer = await anybody.post(form, data=await fill(anybody, form, clock, subject="Kept <b>", **typed))
    assert answer.status_code == 422 and said in answer.text and "Kept &lt;b&gt;" in answer.text
    assert await make.facts(app, "case.opened") == []


async def test_programs_are_let_down(app: Starlette, anybody: Client, form: str) -> None:
    with frozen() as clock:
        trapped = await anybody.post(form, data=await fill(anybody, form, clock, website="http://spam.example"))
        assert trapped.status_code == 200 and "Thank you kindly" in trapped.text
        quick = await anybody.post(form, data=await fill(anybody, form, clock, wait=0))
        assert quick.status_code == 422
        old = await anybody.post(form, data=await fill(anybody, form, clock, wait=100_000))
        assert old.status_code == 422
        forged = await anybody.post(form, data=await fill(anybody, form, clock, began="1.x"))
        assert forged.status_code == 422
    assert await make.facts(app, "case.opened") == []


async def test_no_more_than_a_dozen_an_hour_from_one_address(app: Starlette, anybody: Client, form: str) -> None:
    with frozen() as clock:
        codes = [(await anybody.post(form, data=await fill(anybody, form, clock))).status_code for _ in range(13)]
    assert codes == [201] * 12 + [429]


async def test_sent_twice_it_is_one_case(app: Starlette, anybody: Client, form: str) -> None:
    with frozen() as clock:
        sent = await fill(anybody, form, clock)
        first, second = [await anybody.post(form, data=sent) for _ in range(2)]
    assert first.status_code == second.status_code == 201 and "<b>1</b>" in second.text
    assert len(await make.facts(app, "case.opened")) == 1


async def test_only_the_named_sites_show_it(app: Starlette, ana: Client, anybody: Client, form: str) -> None:
    policy = (await anybody.get(form)).headers["content-security-policy"]
    assert f"frame-ancestors {SITE}" in policy
    nobody = "/p/form/" + await place(ana, "form", sites="")
    assert "frame-ancestors 'none'" in (await anybody.get(nobody)).headers["content-security-policy"]


@pytest.mark.parametrize(
    "sites",
    [
        "*",
        "https://*.example.org",
        "javascript:alert(1)",
        "'self'",
        "https://x.example;y",
        "ftp://x.example",
        "https://u@x.example",
    ],
)
async def test_a_site_is_a_whole_origin(app: Starlette, ana: Client, form: str, sites: str) -> None:
    answer = await ana.put("/settings/portal/1", data={"name": "x", "language": "en", "sites": sites})
    assert answer.status_code == 422


async def test_own_fields_and_spanish(app: Starlette, ana: Client, anybody: Client) -> None:
    await ana.post("/settings/fields", data={"label": "Machine", "kind": "choice", "choices": "BW-3\nBW-4"})
    own = {"ask_x.machine": "must", "order_x.machine": "1", "order_name": "2", "title_es": "Escríbanos ya"}
    key = await place(ana, "form", **own)
    page = (await anybody.get(f"/p/form/{key}?lang=es")).text
    assert "Escríbanos ya" in page and "BW-4" in page and page.index("Machine") < page.index("field-2")
    with frozen() as clock:
        sent = await fill(anybody, f"/p/form/{key}", clock) | {"x.machine": "BW-9"}
        assert (await anybody.post(f"/p/form/{key}", data=sent)).status_code == 422
        sent = await fill(anybody, f"/p/form/{key}", clock) | {"x.machine": "BW-4"}
        assert (await anybody.post(f"/p/form/{key}", data=sent)).status_code == 201
    assert "BW-4" in (await ana.get("/contacts/1")).text


async def test_the_preview_is_for_admins_and_sends_nothing(
    app: Starlette, ana: Client, mateo: Client, form: str
) -> None:
    shown = await ana.get("/settings/portal/1/preview")
    assert "frame-ancestors 'self'" in shown.headers["content-security-policy"] and " inert" in shown.text
    assert (await mateo.get("/settings/portal/1/preview")).status_code == 403
    assert (await mateo.get("/settings/portal")).status_code == 403


async def test_the_preview_shows_what_is_typed_and_keeps_nothing(ana: Client, mateo: Client, form: str) -> None:
    typed = {"name": "Ask us", "title_en": "Tell us <b>all</b>", "ask_phones": "must", "sites": "half ty", "team": "1"}
    frame = await ana.get("/settings/portal/1/preview/frame", params=typed)
    found = re.search(r'src="(/settings/portal/1/preview\?[^"]+)"', frame.text)
    assert found is not None and "half" not in found[1], "only what visitors see"
    shown = (await ana.get(html.unescape(found[1]))).text
    assert "Tell us &lt;b&gt;all&lt;/b&gt;" in shown and 'name="phones"' in shown and 'name="emails"' not in shown
    saved = (await ana.get("/settings/portal/1/preview")).text
    assert "Tell us" not in saved and 'name="emails"' in saved
    nothing = (await ana.get("/settings/portal/1/preview/frame", params={"name": ""})).text
    assert 'src="/settings/portal/1/preview"' in nothing
    assert (await mateo.get("/settings/portal/1/preview/frame")).status_code == 403
