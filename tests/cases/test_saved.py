"""Saved views of cases: a filter under a name, for oneself or for everybody, with how many cases it holds now."""

import pytest
from starlette.applications import Starlette

from server.cases import queries
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_equals_reload

HTMX = {"HX-Request": "true"}
URGENT = {"name": "Urgent", "query": "view=all&priority=urgent", "shared": "1"}
VIEW = "/cases/views/1"


@pytest.fixture
async def three(app: Starlette, ana: Client, take: Take) -> None:
    for n in range(3):
        await take(Message_ID=f"<{n}@x.example>", sender=f"p{n}@b.example", subject=f"Case {n}")
    await ana.put("/cases/1", data={"field": "priority", "value": "urgent"})
    await app.state.relay.drain()


@pytest.fixture
async def urgent(ana: Client, three: None) -> None:
    answer = await ana.post("/cases/views", data=URGENT)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (201, "/cases?view=all&priority=urgent")


def shown(name: str, count: int) -> str:
    return f'{name} <span class="meta num">{count}</span>'


async def test_it_is_offered_where_something_is_filtered(ana: Client, three: None) -> None:
    assert 'data-dialog="save-view"' not in (await ana.get("/cases?view=mine")).text
    assert 'data-dialog="save-view"' in (await ana.get("/cases?priority=urgent")).text
    await ana.post("/cases/views", data=URGENT | {"shared": ""})
    page = (await ana.get("/cases?view=all&priority=urgent")).text
    assert shown("Urgent", 1) in page and 'data-dialog="save-view"' not in page and 'id="view-menu"' in page


@pytest.mark.parametrize("language", ["en", "es"])
async def test_counts_are_live(
    app: Starlette, ana: Client, mateo: Client, urgent: None, take: Take, language: str
) -> None:
    await make.speak(app, 2, language)
    look = {"language": language, "regions": ("case-views",)}
    for act, count in (
        (lambda: ana.put("/cases/2", data={"field": "priority", "value": "urgent"}), 2),
        (lambda: ana.put("/cases/1", data={"field": "priority", "value": "low"}), 1),
        (lambda: take(sender="new@b.example"), 1),
    ):
        screen = await assert_live_equals_reload(app, mateo, "/cases", act, **look)
        nav = screen.page.find("case-views")
        assert nav is not None and f"Urgent {count}" in " ".join(nav.text().split()).replace(
            " for everybody", ""
        ).replace(" para todos", "")


async def test_names_follow_and_go(app: Starlette, ana: Client, mateo: Client, urgent: None) -> None:
    for act, name in (
        (lambda: ana.put(VIEW, data={"name": "At once", "shared": "1"}), "At once"),
        (lambda: ana.put(VIEW, data={"name": "At once"}), ""),
    ):
        screen = await assert_live_equals_reload(app, mateo, "/cases", act, regions=("case-views",))
        nav = screen.page.find("case-views")
        assert nav is not None and ("At once" in nav.text()) is bool(name) and "Urgent" not in nav.text()
    assert "At once" in (await ana.get("/cases")).text
    await assert_live_equals_reload(app, ana, "/cases", lambda: ana.delete(VIEW), regions=("case-views",))
    assert "At once" not in (await ana.get("/cases")).text


async def test_counted_with_the_reader_s_own_rights(ana: Client, mateo: Client, urgent: None) -> None:
    await make.restrict(ana, 1, "user:1")
    assert ">1</span>" in (await ana.get("/cases/views")).text.partition("Urgent")[2]
    assert ">1</span>" not in (await mateo.get("/cases/views")).text.partition("Urgent")[2]


async def test_what_is_more_than_can_be_counted(ana: Client, urgent: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await ana.post("/cases/views", data={"name": "All new", "query": "view=all&q=case"})
    monkeypatch.setattr(queries, "COUNTED", 2)
    monkeypatch.setattr("server.cases.triage.COUNTED", 2)
    assert ">1+</span>" in (await ana.get("/cases/views")).text.partition("All new")[2]


async def test_one_statement_however_many(app: Starlette, ana: Client, three: None) -> None:
    async def asked() -> int:
        with make.counted(app) as statements:
            await ana.get("/cases/views")
        return len(statements)

    await ana.post("/cases/views", data=URGENT)
    one = await asked()
    for n in range(5):
        await ana.post("/cases/views", data=URGENT | {"name": f"Urgent {n}"})
    assert await asked() == one


async def test_lists_do_not_mix(ana: Client, urgent: None) -> None:
    await ana.post("/contacts/views", data={"name": "Renewals", "query": "tag=renewal"})
    assert "Renewals" not in (await ana.get("/cases")).text and "Urgent" not in (await ana.get("/contacts")).text
    assert (await ana.get("/contacts/views/1/edit")).status_code == 404
    assert (await ana.get("/cases/views/2/edit")).status_code == 404


async def test_members_keep_their_own_and_leave_those_of_everybody(ana: Client, mateo: Client, urgent: None) -> None:
    assert (await mateo.put(VIEW, data={"name": "Mine now"})).status_code == 403
    assert (await mateo.delete(VIEW)).status_code == 403
    assert (await mateo.post("/cases/views", data=URGENT)).status_code == 403
    assert 'id="view-menu"' not in (await mateo.get("/cases?view=all&priority=urgent")).text
    assert (await mateo.post("/cases/views", data=URGENT | {"name": "Mine", "shared": ""})).status_code == 201
    assert "Mine" not in (await ana.get("/cases/views")).text
    assert (await ana.put("/cases/views/2", data={"name": "x"})).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"query": ""}, {"query": "view=mine"}, {"query": "priority=nonsense"}]
)
async def test_what_is_refused(ana: Client, three: None, wrong: dict[str, str]) -> None:
    answer = await ana.post("/cases/views", data=URGENT | wrong, headers=HTMX)
    assert answer.status_code == 422 and "name" in answer.text


async def test_there_are_so_many(ana: Client, three: None) -> None:
    for n in range(12):
        assert (await ana.post("/cases/views", data=URGENT | {"name": f"View {n}"})).status_code == 201
    assert (await ana.post("/cases/views", data=URGENT)).status_code == 422
