"""What admins promise: parsed strictly, changed by admins alone, live, words at the field that is wrong."""

import pytest
from starlette.applications import Starlette

from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.sla.conftest import HOURS, STANDARD

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": " "}, "name"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"mon": "9 to 5"}, "mon"),
        ({"tue": "25:00-26:00"}, "tue"),
        ({"holidays": "Christmas"}, "holidays"),
        ({"holidays": "2026-02-30 Never"}, "holidays"),
    ],
)
async def test_hours_that_are_refused(ana: Client, wrong: dict[str, str], where: str) -> None:
    answer = await ana.post("/settings/sla/calendars", data=HOURS | wrong, headers=HTMX)
    assert answer.status_code == 422 and f"data-error-for=&#39;{where}&#39;" in answer.text.replace("'", "&#39;")


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": ""}, "name"),
        ({"calendar": "99"}, "calendar"),
        ({"calendar": ""}, "calendar"),
        ({"normal-first": "soon"}, "normal-first"),
        ({"normal-first": "0m"}, "normal-first"),
        ({"normal-first": "99999h"}, "normal-first"),
        ({"warn": "-1"}, "warn"),
        ({"warn": "99999"}, "warn"),
        ({"team": "99"}, "team"),
        ({"escalate_team": "99"}, "escalate_team"),
    ],
)
async def test_promises_that_are_refused(ana: Client, policy: None, wrong: dict[str, str], where: str) -> None:
    answer = await ana.post("/settings/sla/policies", data=STANDARD | wrong, headers=HTMX)
    assert answer.status_code == 422 and where in answer.text


async def test_only_admins(mateo: Client, policy: None) -> None:
    assert (await mateo.get("/settings/sla")).status_code == 403
    assert (await mateo.post("/settings/sla/calendars", data=HOURS)).status_code == 403
    assert (await mateo.put("/settings/sla/policies/1", data=STANDARD)).status_code == 403


async def test_hours_in_use_stay(ana: Client, policy: None) -> None:
    assert (await ana.delete("/settings/sla/calendars/1")).status_code == 422
    await ana.delete("/settings/sla/policies/1")
    assert (await ana.delete("/settings/sla/calendars/1")).status_code == 200


async def test_what_was_typed_is_shown_again(ana: Client, policy: None) -> None:
    page = (await ana.get("/settings/sla")).text
    for text in ("09:00-14:00, 16:00-19:00", "2026-12-25 Navidad", 'value="16h"', "Europe/Madrid"):
        assert text in page


async def test_the_page_is_live(app: Starlette, ana: Client, policy: None) -> None:
    for act in (
        lambda: ana.put("/settings/sla/policies/1", data=STANDARD | {"name": "Plain"}),
        lambda: ana.post("/settings/sla/calendars", data=HOURS | {"name": "Night"}),
        lambda: ana.delete("/settings/sla/policies/1"),
    ):
        await assert_live_equals_reload(app, ana, "/settings/sla", act, regions=("sla",))
