"""What is found, by whom, and how it looks."""

import re

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.search.marks import marked, place
from tests import make
from tests.chat.conftest import restrict, say, tell
from tests.make import statements_of
from tests.tree import parse

Client = httpx.AsyncClient


async def options(client: Client, query: str) -> str:
    answer = await client.get("/palette", params={"q": query})
    assert answer.status_code == 200, answer.text
    return answer.text


async def results(client: Client, query: str, **params: str) -> str:
    answer = await client.get("/search", params={"q": query, **params})
    assert answer.status_code == 200, answer.text
    return parse(answer.text).find("results").text()  # type: ignore[union-attr]


async def test_a_record_is_found_by_any_part(ana: Client, lucia: str) -> None:
    for query in ("ferr", "Lucia", "LUC", "lu", "lucia ferrer", "rrer"):
        assert 'href="/contacts/1"' in await options(ana, query), query
        assert "/contacts/1" in (await ana.get("/search", params={"q": query})).text, query
    assert "<mark>Ferr</mark>er" in await options(ana, "ferr")
    assert 'href="/contacts/1"' not in await options(ana, "Harriet")


async def test_messages_are_found_where_one_may_read(
    ana: Client, mateo: Client, priya: Client, stranger: Client, general: int, secret: int, talk: int
) -> None:
    for room in (general, secret, talk):
        await say(ana, room, f"walnut in {room}")
    for client, expected in ((ana, 3), (mateo, 3), (priya, 1), (stranger, 0)):
        assert len(re.findall('href="/messages/', await options(client, "walnut"))) == expected
        assert (await results(client, "walnut")).count("walnut") == expected
        assert (await results(client, "walnut", kind="texts")).count("walnut") == expected
        assert "walnut" not in await results(client, "walnut", kind="records")


async def test_a_restricted_record_is_found_by_its_people_alone(ana: Client, mateo: Client, lucia: str) -> None:
    await tell(ana, lucia, "the walnut plan")
    assert "walnut" in await results(mateo, "walnut")
    await restrict(ana, lucia, "user:1")
    for query in ("ferr", "walnut", "", "fe"):
        assert "/contacts/1" not in await options(mateo, query), query
        assert "/messages/" not in await options(mateo, query), query
    assert "walnut plan" not in await results(mateo, "walnut")
    assert "walnut" in await results(ana, "walnut")


async def test_a_trashed_record_takes_its_texts_along(ana: Client, lucia: str) -> None:
    await tell(ana, lucia, "the walnut plan")
    await ana.put("/contacts/1/trash")
    for query in ("ferr", "walnut", "fe", ""):
        shown = await options(ana, query)
        assert "/contacts/1" not in shown
        assert "/messages/" not in shown
    await ana.delete("/contacts/1/trash")
    assert "/messages/" in await options(ana, "walnut")


async def test_a_removed_message_is_not_found(ana: Client, general: int) -> None:
    message = await say(ana, general, "walnut")
    await ana.put(f"/messages/{message}/removal")
    assert "/messages/" not in await options(ana, "walnut")
    await ana.delete(f"/messages/{message}/removal")
    assert "/messages/" in await options(ana, "walnut")


async def test_an_empty_palette_offers_recent_records_and_acts(ana: Client, lucia: str) -> None:
    shown = await options(ana, "")
    assert 'href="/contacts/1"' in shown
    for act in ("act-new-contact", "act-theme", "act-sign-out", "act-chat"):
        assert f'id="{act}"' in shown
    assert "Anything else" not in shown


async def test_acts_are_found_by_the_beginning_of_a_word(ana: Client) -> None:
    shown = await options(ana, "cha")
    assert "Go to" in shown
    assert 'id="act-chat"' in shown
    assert 'id="act-theme"' not in shown


async def test_options_are_a_listbox(ana: Client, lucia: str, general: int) -> None:
    await say(ana, general, "Lucía called")
    page = parse(await options(ana, "luc"))
    found = [node for node in page.walk() if node.attrs.get("role") == "option"]
    ids = [node.attrs["id"] for node in found]
    assert len(ids) == len(set(ids)) >= 4
    assert all(node.tag in ("a", "button") for node in found)


@pytest.mark.parametrize(
    "query", ["<img src=x onerror=alert(1)>", '"onmouseover="x', "' OR 1=1 --", "%", "_", "*", "\\", "a\x00b", "ﬁ"]
)
async def test_hostile_words_are_only_words(ana: Client, general: int, query: str) -> None:
    await say(ana, general, query)
    for shown in (await options(ana, query), (await ana.get("/search", params={"q": query})).text):
        assert "<img src=x" not in shown
        assert ' onmouseover="x' not in shown


async def test_statements(app: Starlette, ana: Client, lucia: str, general: int) -> None:
    await say(ana, general, "Lucía called")
    assert await statements_of(app, lambda: ana.get("/palette", params={"q": "lucia"})) <= 3
    assert await statements_of(app, lambda: ana.get("/palette")) <= 3
    assert await statements_of(app, lambda: ana.get("/search", params={"q": "lucia"})) <= 6


def test_marks_see_through_accents() -> None:
    assert marked("Lucía Ferrer", "cia") == [("Lu", False), ("cía", True), (" Ferrer", False)]
    assert marked("Straße", "strasse") == [("Straße", True)]
    assert marked("Ana", "") == [("Ana", False)]


def test_the_place_of_a_text_that_its_title_does_not_show() -> None:
    text = "Llamó por la mañana. " * 10 + "Pidió el ﬁltro Águila para mayo. " + "Nada más. " * 40
    shown = place(text[:80], text, "aguila filtro")
    assert shown.startswith("…mañana. Pidió el ﬁltro Águila para mayo.")
    assert shown.endswith("…")
    assert len(shown) < 200
    assert place(text[:80], text, "llamo") == place(text[:80], text, "") == place(text[:80], "", "aguila") == ""
    assert place("Call her", "Águila", "aguila") == "Águila"


async def test_what_stands_far_inside_a_text_is_shown(ana: Client, lucia: str, general: int) -> None:
    long = "They open in **spring** and want to hear from us before. " * 6
    await ana.post("/timeline/contact:1/notes", data={"text": long + "The wand of the Marzocco hisses."})
    await say(ana, general, long + "The grinder from Sevilla hisses too.")
    await ana.post("/tasks", data={"title": "Call her", "notes": long + "It hisses.", "about": "contact:1"})
    for shown in (await options(ana, "hisses"), (await ana.get("/search", params={"q": "hisses"})).text):
        for said in ("wand of the Marzocco ", "grinder from Sevilla ", "It "):
            assert f"{said}<mark>hisses</mark>" in shown
        assert "Call her" in shown


async def test_names_come_before_what_stands_beside_them(ana: Client) -> None:
    """ "ferr" is in the tag of the first, in the middle of the second's name, at the beginning of the third's."""
    await ana.post("/contacts", data={"name": "Aitana Rebollo", "tags": "referral"})
    await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    await ana.post("/contacts", data={"name": "Ferretería Puente", "kind": "company"})
    shown = (await ana.get("/palette", params={"q": "ferr"})).text
    places = [shown.index(part) for part in ("etería Puente", "Lucía", "Aitana Rebollo")]
    assert places == sorted(places)


async def test_people_are_found_by_their_company_by_those_who_may_see_it(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    await ana.put("/contacts/1/facts/company", data={"value": "Hoteles Almadraba", "seen": "9"})
    await make.contact(app, "Oliver Banks", company="Hoteles Almadraba")
    await app.state.worker.drain()
    for closed in (False, True):
        if closed:
            await restrict(ana, "company:2", "user:1")
            await app.state.worker.drain()
        for query in ("hoteles", "almadra", "lucia alma", "ho"):
            hers, his = await options(ana, query), await options(mateo, query)
            assert ('href="/contacts/1"' in hers) == (query != "ho" or closed), (query, closed)
            assert ('href="/contacts/1"' in his) == (query != "ho" and not closed), (query, closed)
            assert ("/contacts/3" in hers) == ('href="/contacts/1"' in hers and "lucia" not in query), query
        assert "Lucía" in await results(ana, "hoteles")
        assert ("Lucía" in await results(mateo, "hoteles")) != closed
        assert "Lucía" in (await ana.get("/records", params={"q": "hoteles"})).text
        assert ("Lucía" in (await mateo.get("/records", params={"q": "hoteles"})).text) != closed
    await restrict(ana, "company:2", "user:1", "user:2")
    await restrict(ana, lucia, "user:1")
    assert "/contacts/3" in (found := await options(mateo, "hoteles"))
    assert "/contacts/1" not in found, "her own lock holds"
    await ana.put("/contacts/2/trash")
    assert "/contacts/3" not in await options(ana, "hoteles")
