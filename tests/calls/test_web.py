"""What people do with calls, over HTTP."""

from starlette.applications import Starlette

from tests.calls.conftest import Client, Facts, read_call


async def test_a_call_is_started_once(app: Starlette, ana: Client, mateo: Client, lucia: str, facts: Facts) -> None:
    first = await ana.post("/calls", data={"about": lucia, "kind": "audio"}, headers={"hx-request": "true"})
    second = await mateo.post("/calls", data={"about": lucia, "kind": "video"}, headers={"hx-request": "true"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["hx-redirect"] == second.headers["hx-redirect"] == "/calls/1"
    assert [name for name, _data in await facts()] == ["call.started"]
    call = await read_call(app)
    assert (call.kind, call.about, len(call.room)) == ("audio", lucia, 32)


async def test_pages(ana: Client, mateo: Client, call: str, lucia: str) -> None:
    for address in ("/calls", call, f"{call}/card", "/calls/ringing", f"/contacts/{lucia[8:]}", "/calls/logged/new",
                    f"{call}/invitations/new", f"/panels/calls?about={lucia}"):  # fmt: skip
        for client in (ana, mateo):
            answer = await client.get(address)
            assert answer.status_code == 200, (address, answer.text[-2000:])
            assert "Lucía" in answer.text or address in ("/calls/ringing", "/calls/logged/new") or "invit" in address or "panel" in address
