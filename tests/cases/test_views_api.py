"""Saved views of cases for programs: one's own, and those of everybody."""

from tests.conftest import Client

VIEWS = "/case-views"
URGENT = {"name": "Urgent", "query": "view=all&priority=urgent&page=3"}


async def test_a_view_is_saved_read_and_deleted(ana: Client, api: Client) -> None:
    made = await api.post(VIEWS, json=URGENT)
    view = {"id": 1, "name": "Urgent", "query": "view=all&priority=urgent", "shared": False}
    view |= {"url": "/cases?view=all&priority=urgent"}
    assert (made.status_code, made.json(), made.headers["location"]) == (201, view, "/api/v1/case-views/1")
    assert (await api.get(VIEWS)).json() == {"items": [view], "next": None}
    assert (await api.get(f"{VIEWS}/1")).json() == view
    assert "Urgent" in (await ana.get("/cases")).text
    assert (await api.delete(f"{VIEWS}/1")).status_code == 204
    assert (await api.get(f"{VIEWS}/1")).status_code == 404


async def test_ones_own_is_nobody_elses(api: Client, other: Client) -> None:
    await api.post(VIEWS, json=URGENT)
    await api.post(VIEWS, json=URGENT | {"name": "Everybody's", "shared": True})
    assert [one["name"] for one in (await other.get(VIEWS)).json()["items"]] == ["Everybody's"]
    assert (await other.delete(f"{VIEWS}/1")).status_code == 404
    assert (await other.delete(f"{VIEWS}/2")).status_code == 403
    assert (await other.post(VIEWS, json=URGENT | {"shared": True})).status_code == 403
    page = (await api.get(f"{VIEWS}?limit=1")).json()
    rest = (await api.get(f"{VIEWS}?limit=1&cursor={page['next']}")).json()
    assert [one["id"] for one in (*page["items"], *rest["items"])] == [1, 2] and rest["next"] is None


async def test_what_filters_nothing_is_refused(api: Client) -> None:
    answer = await api.post(VIEWS, json=URGENT | {"query": "view=all"})
    assert (answer.status_code, answer.json()["fields"]) == (422, {"query": "Choose a filter first"})
