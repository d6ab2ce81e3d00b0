"""The stream of facts: everything one may see, nothing else."""

from typing import Any

from starlette.applications import Starlette

from tests import make
from tests.conftest import Client

ROOMS: dict[str, Any] = {"name": "board", "private": True}


async def everything(client: Client, address: str = "/events") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = "0"
    while after:
        page = (await client.get(f"{address}?after={after}&limit=3")).json()
        found, after = found + page["items"], page["next"]
    return found


async def test_facts_come_by_position(app: Starlette, api: Client, other: Client) -> None:
    await api.post("/contacts", json={"name": "Lucía Ferrer"})
    await api.patch("/contacts/1", json={"title": "Director", "tags": ["vip"]})
    assert await everything(other) == []
    await app.state.relay.drain()
    facts = await everything(other)
    positions = [fact["position"] for fact in facts]
    assert positions == sorted(set(positions))
    assert [fact["name"] for fact in facts if fact["about"] == "contact:1"] == ["contact.created"] + [
        "contact.changed"
    ] * 2
    assert {"position", "name", "subject", "about", "actor", "via", "at", "data"} == set(facts[0])
    line = (await other.get("/contacts/1/timeline?limit=2")).json()
    assert [fact["name"] for fact in line["items"]] == ["contact.changed"] * 2 and line["next"]
    last = (await other.get(f"/contacts/1/timeline?limit=2&cursor={line['next']}")).json()
    assert [fact["name"] for fact in last["items"]] == ["contact.created"] and last["next"] is None


async def test_what_is_closed_is_not_told(
    app: Starlette, ana: Client, api: Client, other: Client, stranger: Client
) -> None:
    for name in ("Open", "Closed", "Trashed"):
        await api.post("/contacts", json={"name": name})
    await make.restrict(ana, 2, "user:1")
    await api.post("/contacts/2/notes", json={"body": "closed note"})
    await api.post("/tasks", json={"title": "closed task", "about": "contact:2"})
    await api.delete("/contacts/3")
    board = (await api.post("/rooms", json=ROOMS)).json()["id"]
    await api.post(f"/rooms/{board}/messages", json={"body": "closed word"})
    await ana.put("/settings/profile/theme", data={"value": "dark"})
    await ana.post("/settings/invitations", data={"emails": "new@example.org"})
    await app.state.relay.drain()
    told = await everything(other)
    assert {fact["about"] for fact in told} <= {None, "contact:1"}
    assert not [fact for fact in told if fact["subject"].startswith("user:") and fact["subject"] != "user:2"]
    assert "closed" not in str(told).lower() and "new@example.org" not in str(told)
    mine = {fact["name"] for fact in await everything(api)}
    assert {"note.created", "task.created", "message.posted", "user.changed", "user.invited"} <= mine
    assert (await stranger.get("/api/v1/events")).json()["items"] != told
    assert "contact" not in str((await stranger.get("/api/v1/events")).json())
    assert (await other.get("/contacts/2/timeline")).json() == (await other.get("/contacts/99/timeline")).json()


async def test_removed_words_are_not_quoted(app: Starlette, ana: Client, api: Client, other: Client) -> None:
    await api.post("/contacts", json={"name": "Lucía Ferrer"})
    note = (await api.post("/contacts/1/notes", json={"body": "by mistake"})).json()["id"]
    room = (await api.post("/rooms", json={"name": "renewals"})).json()["id"]
    said = (await api.post(f"/rooms/{room}/messages", json={"body": "by mistake"})).json()["id"]
    await app.state.relay.drain()
    assert str(await everything(other)).count("by mistake") == 2
    await api.delete(f"/notes/{note}")
    await ana.put(f"/messages/{said}/removal")
    assert "by mistake" not in str(await everything(other))
    assert "by mistake" not in (await other.get("/contacts/1/timeline")).text


async def test_few_statements(app: Starlette, api: Client) -> None:
    await api.post("/contacts", json={"name": "Lucía Ferrer"})
    await api.post("/contacts/1/notes", json={"body": "x"})
    await app.state.relay.drain()
    for address in ("/events", "/contacts/1/timeline"):
        with make.counted(app) as statements:
            assert (await api.get(address)).json()["items"]
        assert len(statements) <= 6, statements
