"""Figures of cases against what happened, counted by hand."""

import csv
from datetime import datetime
from io import StringIO

import pytest
from starlette.applications import Starlette

from server.portal.models import CaseRating
from tests import make
from tests.cases.conftest import Take, channel, take  # noqa: F401  fixtures
from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.sla.conftest import HOURS, STANDARD, at, moment, tick

NOVEMBER = "since=2026-11-01&until=2026-11-30"


@pytest.fixture
async def month(app: Starlette, ana: Client, mateo: Client, take: Take) -> None:
    """Three cases: answered after 30 and 90 minutes, one late and open; one of December."""
    await ana.post("/settings/sla/calendars", data=HOURS)
    await ana.post("/settings/sla/policies", data=STANDARD)
    for n, (hour, minutes, who) in enumerate(((9, 30, ana), (10, 90, mateo), (11, None, None)), 1):
        async with moment(f"2026-11-10T{hour:02}:00"):
            await take(sender=f"P{n} <p{n}@b.example>", Message_ID=f"<{n}@x.example>")
        if who is not None and minutes is not None:
            async with moment(f"2026-11-10T{hour + minutes // 60:02}:{minutes % 60:02}"):
                await who.post(f"/cases/{n}/messages", data={"audience": "customer", "text": "Hello.", "seen": "1"})
    async with moment("2026-11-12T09:00"):
        await ana.put("/cases/1/status", data={"status": "solved"})
        await tick(app)


async def figures(api: Client, query: str) -> dict:  # type: ignore[type-arg]
    answer = await api.get(f"/figures/cases?{query}")
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


async def test_all_of_a_month(api: Client, month: None) -> None:
    async with moment("2026-11-12T11:00"):
        total = (await figures(api, NOVEMBER))["total"]
    assert (total["opened"], total["solved"], total["open_now"]) == (3, 1, 2)
    assert total["first_answer"] == 60 * 60, "the median of 30 and 90 minutes"
    assert total["solution"] == 48 * 3600
    assert (total["promised"], total["kept"]) == (4, 3), "two first answers and a solution kept, a first answer late"
    assert total["open_age"] == pytest.approx(48.5 * 3600)


async def test_told_apart(api: Client, month: None) -> None:
    people = {row["key"]: row["first_answer"] for row in (await figures(api, f"{NOVEMBER}&by=person"))["rows"]}
    assert people == {"1": 1800, "2": 5400, None: None}
    days = (await figures(api, f"{NOVEMBER}&by=day"))["rows"]
    assert {row["key"]: row["opened"] for row in days if row["opened"]} == {"2026-11-10": 3}
    channels = (await figures(api, f"{NOVEMBER}&by=channel"))["rows"]
    assert [(row["key"], row["opened"]) for row in channels] == [("1", 3)]


async def test_what_customers_thought(app: Starlette, api: Client, month: None) -> None:
    async with app.state.database.transaction() as tx:
        for case_id, stars in ((1, 5), (2, 2)):
            tx.add(CaseRating(case_id=case_id, workspace_id=1, stars=stars, at=at("2026-11-12T10:00")))
    total = (await figures(api, NOVEMBER))["total"]
    assert (total["rating"], total["ratings"]) == (3.5, 2)
    people = {row["key"]: row["rating"] for row in (await figures(api, f"{NOVEMBER}&by=person"))["rows"]}
    assert people == {"1": 5, "2": 2, None: None}


async def test_another_time_has_none_of_it(api: Client, month: None) -> None:
    total = (await figures(api, "since=2026-01-01&until=2026-01-31&by=day"))["total"]
    assert (total["opened"], total["solved"], total["promised"]) == (0, 0, 0)


async def test_closed_records_are_counted_by_their_own_readers_alone(
    api: Client, ana: Client, mateo: Client, month: None
) -> None:
    await make.restrict(ana, 1, "user:1")
    assert (await figures(api, NOVEMBER))["total"]["opened"] == 3
    page = await mateo.get(f"/figures/cases.csv?{NOVEMBER}")
    assert rows_of(page.text)[-1][1] == "2"


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


async def test_the_file_says_what_the_page_says(ana: Client, month: None) -> None:
    await ana.post("/settings/channels", data={"address": "zzz@nogal.example"})
    answer = await ana.get(f"/figures/cases.csv?{NOVEMBER}&by=person")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = {row[0]: row for row in rows_of(answer.text)}
    assert rows["Ana Beltrán"][1:5] == ["1", "1", "30", "2880"]
    assert rows["All"][1:4] == ["3", "1", "60"]
    page = (await ana.get(f"/figures/cases?{NOVEMBER}&by=person")).text
    assert "Ana Beltrán" in page and "30 min" in page


async def test_the_file_of_spanish_readers_is_one_for_their_spreadsheets(
    app: Starlette, ana: Client, month: None
) -> None:
    """Semicolons between cells, a comma before decimals."""
    await make.speak(app, 1, "es")
    async with moment("2026-11-12T11:00"):
        text = (await ana.get(f"/figures/cases.csv?{NOVEMBER}")).text
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[-1][:6] == ["Todo", "3", "1", "60", "2880", "75,0"]


@pytest.mark.parametrize("query", ["since=x&until=y&by=z", "since=2030-01-01", "since=0001-01-01&until=9999-12-31"])
async def test_an_address_with_nonsense_shows_the_usual(ana: Client, query: str) -> None:
    assert (await ana.get(f"/figures/cases?{query}")).status_code == 200


async def test_few_statements_whatever_the_number(app: Starlette, ana: Client, month: None) -> None:
    assert await make.statements_of(app, lambda: ana.get(f"/figures/cases?{NOVEMBER}&by=team")) <= 9


async def test_newer_ones_are_offered(app: Starlette, ana: Client, month: None) -> None:
    async with moment("2026-11-12T11:00"):
        await assert_live_equals_reload(
            app,
            ana,
            f"/figures/cases?{NOVEMBER}",
            lambda: ana.put("/cases/2/status", data={"status": "solved"}),
            regions=("figures",),
        )


def test_dates_are_days_of_the_reader() -> None:
    from server.figures.forms import parse_query

    query = parse_query({"since": "2026-03-29", "until": "2026-03-29"}, "Europe/Madrid")
    assert query.ends - query.begins == datetime(2026, 1, 1, 23) - datetime(2026, 1, 1), "an hour short"
