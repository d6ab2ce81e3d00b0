"""Each fact of a record: what a second screen becomes is what a reload shows."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.contacts.cells import cell_of
from server.kit.text import _
from tests import make
from tests.live import assert_live_equals_reload, assert_live_in_both_languages, lines_of

Client = httpx.AsyncClient


@pytest.fixture
async def lucia(ana: Client) -> str:
    answer = await ana.post(
        "/contacts", data={"name": "Lucía Ferrer", "company": "Hoteles Almadraba", "phones": "+34 600 000 118"}
    )
    assert answer.status_code == 201
    return answer.headers["location"]


async def test_a_changed_field_reaches_the_page(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/phones", data={"value": "+34 600 000 142", "seen": "0"})

    regions = ("facts", "contact-1-identity")
    for screen in await assert_live_in_both_languages(app, mateo, lucia, act, regions=regions):
        assert "+34 600 000 142" in screen.page.text()


@pytest.mark.parametrize(
    ("field", "value", "way"),
    [
        ("emails", "lucia@almadraba.example.org", "mailto:lucia@almadraba.example.org"),
        ("phones", "+34 600 000 142", "tel:+34600000142"),
    ],
)
async def test_the_ways_to_reach_somebody_follow_their_facts(
    app: Starlette, ana: Client, mateo: Client, lucia: str, field: str, value: str, way: str
) -> None:
    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/{field}", data={"value": value, "seen": "0"})

    screen = await assert_live_equals_reload(app, mateo, lucia, act, regions=("record-acts",))
    assert way in str(lines_of(screen.page.find("record-acts")))


async def test_a_changed_field_is_told_in_the_reader_s_language(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    """Its name, and a yes."""
    await ana.post("/settings/fields", data={"label": "Key account", "kind": "yes_no"})
    await make.speak(app, 2, "es")
    for name, value, words in (("title", "Gerente", ("Cargo",)), ("x.key_account", "yes", ("Key account", "Sí"))):

        async def act(name: str = name, value: str = value) -> httpx.Response:
            return await ana.put(f"{lucia}/facts/{name}", data={"value": value, "seen": "0"})

        screen = await assert_live_equals_reload(app, mateo, lucia, act, language="es", regions=("facts",))
        shown = screen.page.find("contact-1-fact-" + name.replace(".", "-"))
        assert shown is not None and all(word in shown.text() for word in words)


async def test_a_changed_field_reaches_the_list(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/emails", data={"value": "lucia@almadraba.example.org", "seen": "0"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act)
    assert "lucia@almadraba.example.org" in screen.page.text()


async def test_a_new_record_asks_lists_to_refresh(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await ana.post("/contacts", data={"name": "Harriet Cole"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-list",))
    assert "Harriet Cole" in screen.page.text()


@pytest.fixture
async def almadraba(ana: Client, lucia: str) -> str:
    """Lucía's company; "/companies/2"."""
    found = await ana.get("/api/v1/companies")
    return f"/companies/{found.json()['items'][0]['id']}"


async def rename(ana: Client, company: str) -> httpx.Response:
    return await ana.put(
        f"/contacts/{company.rpartition('/')[2]}/facts/name", data={"value": "Hoteles Alba", "seen": "99"}
    )


async def close(ana: Client, company: str) -> httpx.Response:
    return await ana.put(f"/contacts/{company.rpartition('/')[2]}/restriction", data={"who": ["user:1"]})


async def put_away(ana: Client, company: str) -> httpx.Response:
    return await ana.put(f"/contacts/{company.rpartition('/')[2]}/trash")


RELABEL = {"rename": rename, "close": close, "put_away": put_away}


@pytest.mark.parametrize("act", RELABEL)
@pytest.mark.parametrize("watching", ["ana", "mateo"])
async def test_a_companys_name_beside_its_people(
    app: Starlette, ana: Client, mateo: Client, lucia: str, almadraba: str, act: str, watching: str
) -> None:
    """In the row, above the timeline, among the facts; for who may still read it and for who may not."""
    watcher = ana if watching == "ana" else mateo
    for page, regions in (
        (lucia, ("facts", "record-who", "record-zone", "timeline")),
        ("/contacts", ("contact-1-row",)),
    ):
        assert "Hoteles Almadraba" in (await watcher.get(page)).text
        screen = await assert_live_equals_reload(
            app, watcher, page, lambda: RELABEL[act](ana, almadraba), regions=regions
        )
        shown = screen.page.text()
        assert ("Hoteles Alba" in shown) == (act == "rename")
        if watching == "mateo":
            assert "Almadraba" not in " ".join(screen.page.find(region).text() for region in regions)
        match act:
            case "rename":
                back = {"value": "Hoteles Almadraba", "seen": "99"}
                await ana.put(f"/contacts/{almadraba.rpartition('/')[2]}/facts/name", data=back)
            case "close":
                await ana.put(f"/contacts/{almadraba.rpartition('/')[2]}/restriction", data={})
            case _:
                await ana.delete(f"/contacts/{almadraba.rpartition('/')[2]}/trash")
        await app.state.relay.drain()


async def test_people_beyond_the_first_few_follow_their_company_too(
    app: Starlette, ana: Client, mateo: Client, lucia: str, almadraba: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lucía was active before Oliver, so her row and her page have no patch of their own."""
    monkeypatch.setattr("server.contacts.live.PEOPLE", 1)
    await make.contact(app, "Oliver Banks", company="Hoteles Almadraba")
    await app.state.relay.drain()
    for page, region in (
        ("/contacts", "contact-list"),
        *((lucia, one) for one in ("facts", "record-who", "record-zone")),
    ):
        screen = await assert_live_equals_reload(app, mateo, page, lambda: rename(ana, almadraba), regions=(region,))
        assert screen.page.find(region).text().count("Hoteles Alba") == {"contact-list": 4, "record-zone": 2}.get(
            region, 1
        )
        back = {"value": "Hoteles Almadraba", "seen": "99"}
        await ana.put(f"/contacts/{almadraba.rpartition('/')[2]}/facts/name", data=back)
        await app.state.relay.drain()


async def test_a_closed_company_stays_where_somebody_else_saves_nothing(
    app: Starlette, ana: Client, mateo: Client, lucia: str, almadraba: str
) -> None:
    """Its field looks empty to Mateo; saving it empty takes nothing away, another company takes its place."""
    await close(ana, almadraba)
    assert (await mateo.put(f"{lucia}/facts/company", data={"value": "", "seen": "99"})).status_code == 200
    assert "Hoteles Almadraba" in (await ana.get(f"{lucia}/facts/company")).text
    assert (await mateo.put(f"{lucia}/facts/company", data={"value": "Bodegas Nogal", "seen": "99"})).status_code == 200
    stream = (await mateo.get(lucia)).text
    assert "Almadraba" not in stream and "a company that is not shown" in stream
    await ana.put(f"/contacts/{almadraba.rpartition('/')[2]}/restriction", data={})
    assert "Hoteles Almadraba" in (await mateo.get(lucia)).text, "the line names it again"
    await ana.put(f"{lucia}/facts/company", data={"value": "", "seen": "99"})
    assert "Bodegas" not in (await ana.get(f"{lucia}/facts/company")).text


async def test_a_closed_company_given_to_somebody_reaches_who_may_read_it(
    app: Starlette, ana: Client, lucia: str, almadraba: str
) -> None:
    await close(ana, almadraba)
    await ana.put(f"{lucia}/facts/company", data={"value": "", "seen": "99"})

    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/company", data={"value": "Hoteles Almadraba", "seen": "99"})

    screen = await assert_live_equals_reload(app, ana, lucia, act, regions=("facts", "contact-1-identity", "timeline"))
    assert "Hoteles Almadraba" in screen.page.find("facts").text()


async def test_a_record_that_comes_back_and_a_field_that_is_renamed(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    await ana.post("/settings/fields", data={"label": "Seats", "kind": "number"})
    number = lucia.rpartition("/")[2]
    await ana.put(f"/contacts/{number}/trash")
    await app.state.relay.drain()
    for page, region, act in (
        ("/contacts", "contact-list", lambda: ana.delete(f"/contacts/{number}/trash")),
        (lucia, "facts", lambda: ana.put("/settings/fields/1", data={"label": "Chairs", "choices": ""})),
    ):
        await assert_live_in_both_languages(app, mateo, page, act, regions=(region,))


async def test_the_narrow_list_beside_a_record_follows_names(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    """Its words; when it comes or goes, the list. The order stays while one reads."""
    oliver = (await make.contact(app, "Oliver Banks", emails="oliver@banks.example")).url
    await app.state.relay.drain()
    words, whole = f"contact-{oliver.rpartition('/')[2]}-beside", "record-zone"
    for act, shown, region in (
        (lambda: ana.put(f"{oliver}/facts/name", data={"value": "Oliver Brook", "seen": "0"}), "Oliver Brook", words),
        (lambda: ana.put(f"{oliver}/facts/company", data={"value": "Nogal", "seen": "0"}), "Nogal", words),
        (lambda: ana.put(f"{oliver}/restriction", data={"who": ["user:1"]}), "", whole),
        (lambda: ana.put(f"{oliver}/restriction", data={}), "Oliver Brook", whole),
        (lambda: ana.put(f"{oliver}/trash"), "", whole),
    ):
        screen = await assert_live_equals_reload(app, mateo, lucia, act, regions=(region,))
        said = screen.page.find("record-zone").text()
        assert shown in said
        assert ("Oliver" in said) == bool(shown)


async def test_a_lock_beside_the_name_says_that_a_record_is_restricted(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    for names in (["user:1", "user:2"], []):
        act = lambda: ana.put(f"{lucia}/restriction", data={"who": names})  # noqa: B023, E731
        for screen in await assert_live_in_both_languages(app, mateo, lucia, act, regions=("contact-1-identity",)):
            said = screen.page.find("contact-1-identity").text()
            words = {"en": "Only chosen people", "es": "Solo unas pocas personas"}[screen.language]
            assert (words in said) == bool(names)


async def test_a_companys_people_on_its_page(
    app: Starlette, ana: Client, mateo: Client, lucia: str, almadraba: str
) -> None:
    """Renamed, gone to another company, come back, put away."""
    for act, shown in (
        (lambda: ana.put(f"{lucia}/facts/name", data={"value": "Lucía Ros", "seen": "0"}), True),
        (lambda: ana.put(f"{lucia}/facts/company", data={"value": "Bodegas Nogal", "seen": "0"}), False),
        (lambda: ana.put(f"{lucia}/facts/company", data={"value": "Hoteles Almadraba", "seen": "9"}), True),
        (lambda: ana.put(f"{lucia}/restriction", data={"who": ["user:1"]}), False),
        (lambda: ana.put(f"{lucia}/restriction", data={}), True),
        (lambda: ana.put(f"{lucia}/trash"), False),
        (lambda: ana.delete(f"{lucia}/trash"), True),
    ):
        screen = await assert_live_equals_reload(app, mateo, almadraba, act, regions=("facts",))
        assert ("Lucía Ros" in screen.page.find("facts").text()) == shown


async def test_a_word_chosen_too_early_is_noticed(
    app: Starlette, ana: Client, mateo: Client, lucia: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.contacts.live.cell_of", lambda name: cell_of(name) if _("Phone") else None)
    with pytest.raises(AssertionError, match="before the language"):
        await assert_live_equals_reload(app, mateo, lucia, lambda: ana.put(f"{lucia}/facts/title", data={"value": "x"}))
