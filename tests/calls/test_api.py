"""The API of calls."""

from starlette.applications import Starlette

from tests import make
from tests.calls.conftest import Client


async def test_calls(api: Client, other: Client, lucia: str) -> None:
    made = await api.post("/calls", json={"about": lucia, "kind": "audio"})
    assert made.status_code == 201, made.text
    call = made.json()
    assert (call["about"], call["kind"], call["starter"], call["ended_at"]) == (lucia, "audio", 1, None)
    assert (await other.get("/calls")).json()["items"] == [call]
    assert (await other.get(f"/contacts/{lucia[8:]}/calls")).json()["items"] == [call]
    assert (await other.delete("/calls/1")).status_code == 403
    assert (await api.delete("/calls/1")).status_code == 204
    assert (await api.get("/calls/1")).json()["reason"] == "ended"
    for wrong in (
        {"about": "contact:99"},
        {"about": "x"},
        {"about": lucia, "kind": "phone"},
        {"about": lucia, "x": 1},
        {},
    ):
        assert (await api.post("/calls", json=wrong)).status_code == 422, wrong


async def test_written_down(api: Client, lucia: str) -> None:
    body = {"about": lucia, "direction": "in", "minutes": 3, "outcome": "nobody", "note": "Rang off"}
    made = (await api.post("/calls", json=body)).json()
    assert (made["kind"], made["missed"], made["seconds"], made["number"]) == ("phone", True, 180, "+34 600 000 118")
    assert (await api.post("/calls", json=body | {"minutes": -1})).status_code == 422


async def test_pages(api: Client, lucia: str) -> None:
    for _three in range(3):
        await api.post("/calls", json={"about": lucia, "direction": "out"})
    first = (await api.get("/calls?limit=2")).json()
    second = (await api.get(f"/calls?limit=2&cursor={first['next']}")).json()
    assert [one["id"] for one in first["items"] + second["items"]] == [3, 2, 1] and second["next"] is None
    assert (await api.get("/calls?about=contact:99")).json()["items"] == []


async def test_links(api: Client, other: Client, lucia: str) -> None:
    await api.post("/calls", json={"about": lucia})
    made = (await api.post("/calls/1/guest-links", json={"name": "Lucía", "hours": 72, "seats": 2})).json()
    assert made["address"].startswith("http://test/p/join/") and made["seats"] == 2
    assert [one["address"] for one in (await other.get("/calls/1/guest-links")).json()["items"]] == [None]
    assert (await api.delete(f"/calls/1/guest-links/{made['id']}")).status_code == 204
    assert (await api.get("/calls/1/guest-links")).json()["items"] == []
    assert (await api.post("/calls/1/guest-links", json={"hours": 5})).status_code == 422


async def test_closed(app: Starlette, ana: Client, api: Client, other: Client, lucia: str) -> None:
    await api.post("/calls", json={"about": lucia})
    await make.restrict(ana, 1, "user:1")
    assert (await other.get("/calls")).json()["items"] == []
    for path in ("/calls/1", "/calls/1/guest-links", f"/contacts/{lucia[8:]}/calls"):
        assert (await other.get(path)).status_code == 404, path


async def test_a_call_of_yesterday_is_written_down(api: Client, lucia: str) -> None:
    given = {"about": lucia, "direction": "in", "minutes": 10, "ended_at": "2026-01-03T09:00:00+01:00"}
    made = await api.post("/calls", json=given)
    assert made.status_code == 201 and made.json()["ended_at"] == "2026-01-03T08:00:00Z", made.text
    for wrong in ("2999-01-01T00:00:00Z", "2026-01-03T09:00:00", "soon"):
        assert (await api.post("/calls", json=given | {"ended_at": wrong})).status_code == 422, wrong
