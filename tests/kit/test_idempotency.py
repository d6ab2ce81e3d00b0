"""A write that comes again with its key: the same answer for the same request, and no other request in its place."""

import httpx2 as httpx
from starlette.applications import Starlette

from tests import make

Client = httpx.AsyncClient
KEY = {"idempotency-key": "0123456789abcdef"}


async def test_an_answer_that_was_lost_leads_on_when_it_comes_again(app: Starlette, ana: Client) -> None:
    """`HX-Refresh` is all that some answers say."""
    first = await ana.post("/settings/teams", data={"name": "Cádiz"}, headers=KEY)
    again = await ana.post("/settings/teams", data={"name": "Cádiz"}, headers=KEY)
    assert first.headers["hx-refresh"] == again.headers["hx-refresh"] == "true"
    assert (first.status_code, again.status_code) == (201, 201)


async def test_what_is_asked_in_the_address_is_a_part_of_the_request(app: Starlette, ana: Client, api: Client) -> None:
    task = (await api.post("/tasks", json={"title": "Call"})).json()
    put_back = f"{task['url']}/lane?due="
    assert (await ana.delete(put_back + "2026-12-01", headers=KEY)).status_code == 200
    assert (await ana.delete(put_back + "2026-12-01", headers=KEY)).status_code == 200
    assert (await ana.delete(put_back + "2026-12-02", headers=KEY)).status_code == 422
    assert (await api.get(f"/tasks/{task['id']}")).json()["due_on"] == "2026-12-01"


async def test_another_file_of_the_same_name_and_length_is_another_request(
    app: Starlette, ana: Client, api: Client
) -> None:
    lucia = await make.contact(app)
    place = f"/contacts/{lucia.id}/files"
    for words, status in ((b"one", 201), (b"one", 201), (b"two", 422)):
        answer = await api.post(place, files={"file": ("a.txt", words, "text/plain")}, headers=KEY)
        assert answer.status_code == status
    assert len((await api.get(place)).json()["items"]) == 1
