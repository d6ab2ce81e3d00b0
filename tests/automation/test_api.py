"""Letters by event for programs: written and read as on the settings page."""

import pytest

from tests.automation.conftest import rule
from tests.cases.conftest import channel  # noqa: F401  a fixture
from tests.conftest import Client

LETTERS = "/event-letters"
SHIPPED = {
    "name": "Shipped", "events": ["order.shipped"], "brings": ["number"], "language": "", "tag": "", "sender": 1,
    "stops": False, "subject_en": "Order {number}", "subject_es": "Pedido {number}", "text_en": "It left.",
    "text_es": "Ha salido.",
}  # fmt: skip


async def test_a_letter_is_written_read_changed_and_removed(ana: Client, api: Client, channel: int) -> None:
    made = await api.post(LETTERS, json=SHIPPED)
    assert (made.status_code, made.json()) == (201, SHIPPED | {"id": 1, "fired": 0}), made.text
    await rule(ana, tags="one")
    assert [one["id"] for one in (await api.get(LETTERS)).json()["items"]] == [1], "rules for cases stand elsewhere"
    assert (await api.get(f"{LETTERS}/2")).status_code == 404
    changed = await api.put(f"{LETTERS}/1", json=SHIPPED | {"name": "Sent", "sender": None, "text_es": ""})
    assert changed.status_code == 200, changed.text
    read = (await api.get(f"{LETTERS}/1")).json()
    assert (read["name"], read["sender"], read["text_es"]) == ("Sent", None, "It left.")
    assert "Sent" in (await ana.get("/settings/automation")).text
    assert (await api.delete(f"{LETTERS}/1")).status_code == 204
    assert (await api.get(LETTERS)).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"events": ["Not a name!"]}, "events"),
        ({"subject_en": "Order {total}"}, "subject_en"),
        ({"sender": 99}, "sender"),
        ({"subject_en": "", "subject_es": ""}, "subject_en"),
        ({"brings": ["1x"]}, "brings"),
    ],
)
async def test_what_is_wrong_is_named(api: Client, channel: int, wrong: dict[str, object], field: str) -> None:
    answer = await api.post(LETTERS, json=SHIPPED | wrong)
    assert answer.status_code == 422 and field in answer.json()["fields"], answer.text


async def test_only_admins(api: Client, other: Client, channel: int) -> None:
    await api.post(LETTERS, json=SHIPPED)
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/1"), ("PUT", "/1"), ("DELETE", "/1")):
        body = {"json": SHIPPED} if method in ("POST", "PUT") else {}
        assert (await other.request(method, LETTERS + path, **body)).status_code == 403
