"""The chat on somebody's site: who may show it, how a conversation begins and resumes, who is proved and who claims."""

import base64
import gzip
import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.models import Case, CaseMessage
from server.contacts.models import Contact
from server.identity.models import Session
from server.kit.clock import frozen, now
from server.kit.pages import DIST, asset
from tests import make
from tests.conftest import Client
from tests.live import assert_live_equals_reload
from tests.portal.conftest import LinkOf
from tests.portal.places import SITE, TYPED, begin, chat_of, place

KEY = {"idempotency-key": "9d1f6f0e-0000-4000-8000-000000000001"}
SMALL = 25 * 1024


@pytest.fixture
async def chat(ana: Client) -> str:
    return await chat_of(ana)


async def secret_of(ana: Client) -> str:
    page = (await ana.post("/settings/portal/1/secret")).text
    found = re.search(r'readonly value="([\w-]{43})"', page)
    assert found is not None
    return found[1]


def token(secret: str, head: dict[str, Any] | None = None, **claims: Any) -> str:
    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    given = {"sub": "u-7", "exp": int(now().timestamp()) + 300} | claims
    signed = ".".join(text(json.dumps(part).encode()) for part in (head or {"alg": "HS256", "typ": "JWT"}, given))
    return f"{signed}.{text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


async def test_the_script_is_small_and_anybody_s(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    answer = await anybody.get(f"{chat}.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert not {"set-cookie", "access-control-allow-origin"} & set(answer.headers)
    frame = (DIST / asset("frame.js").rpartition("/")[2]).read_bytes()
    assert len(gzip.compress(answer.content)) <= 4 * 1024
    assert len(gzip.compress(answer.content + frame)) <= SMALL
    assert (await anybody.get(f"/p/widget/{'0' * 24}.js")).status_code == 404


async def test_only_the_named_sites_show_it(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    page = await anybody.get(f"{chat}?lang=en&site=https://evil.example")
    assert f"frame-ancestors {SITE}" in page.headers["content-security-policy"]
    assert "evil" not in page.text and "Hello you" in page.text and "set-cookie" not in page.headers
    assert "Volvemos pronto" in (await anybody.get(f"{chat}?lang=es")).text
    alone = "/p/widget/" + await place(ana, "chat", sites="")
    assert "frame-ancestors 'none'" in (await anybody.get(alone)).headers["content-security-policy"]
    assert (await anybody.get(chat.replace("widget", "form"))).status_code == 404


async def test_both_sides_talk(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    mine = await begin(anybody, chat, page="https://www.nogal.example/mills?x=1", utm_source="spring")
    page = (await ana.get("/cases/1")).text
    assert "Is anybody here?" in page and "Chat" in page and "claimed" in page and "in the chat" in page
    beside = (await ana.get("/cases/1/customer")).text
    assert "https://www.nogal.example/mills" in beside and "x=1" not in beside and "spring" in beside
    answer = await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Yes, I am.", "seen": "1"})
    assert answer.status_code == 201 and "x-toast" not in answer.headers
    thread = (await anybody.get("/p/case", headers=mine)).text
    assert "Yes, I am." in thread and "We wait for your answer" in thread and "<b>Ana</b>" in thread
    assert (await anybody.post("/p/case/messages", data={"text": "Good"}, headers=mine)).status_code == 204
    clash = await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Me too", "seen": "2"})
    assert clash.status_code == 409
    assert (await ana.delete("/cases/1/messages/2")).status_code == 422, "what was read cannot be taken back"


async def test_one_key_begins_one_conversation(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    passes = [(await anybody.post(chat, data=TYPED, headers=KEY)).json()["pass"] for _ in range(3)]
    assert len(await make.facts(app, "case.opened")) == 1
    for one in passes:
        assert "Is anybody here?" in (await anybody.get("/p/case", headers={"authorization": f"Bearer {one}"})).text


async def test_a_pass_opens_its_own_conversation_only(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    one = await begin(anybody, chat, text="The first one's words")
    two = await begin(anybody, chat, text="The second one's words", emails="bo@x.example")
    assert "first one" not in (await anybody.get("/p/case", headers=two)).text
    forged = {"authorization": one["authorization"][:-2] + "xx"}
    for headers in (forged, {}, {"authorization": "Bearer "}, {"authorization": "Basic x"}):
        assert (await anybody.get("/p/case", headers=headers)).status_code == 404
    await ana.delete("/cases/1/links")
    assert (await anybody.post("/p/case/messages", data={"text": "x"}, headers=one)).status_code == 404
    assert (await anybody.get("/p/case", headers=two)).status_code == 200


async def test_what_is_written_is_never_code(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    code = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    where = {"page": f"https://x.example/{code}", "title": code, "referrer": f"https://{code}/", "utm_campaign": code}
    mine = await begin(anybody, chat, name=code, text=code, **where)
    await anybody.post("/p/case/reading", data={"n": "1", "page": "javascript:alert(1)", "title": code}, headers=mine)
    for page in ("/cases/1", "/cases/1/customer", "/contacts/1", "/cases"):
        shown = (await ana.get(page)).text
        assert "<script>alert" not in shown and "<img src=x" not in shown and "javascript:alert" not in shown, page
    shown = (await anybody.get("/p/case", headers=mine)).text
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert" not in shown


async def test_nobody_there_asks_for_a_mail(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    assert (await anybody.get(f"{chat}/here")).json() == {"here": True}
    async with app.state.database.transaction() as tx:
        for one in await tx.scalars(select(Session)):
            one.seen_at = now().replace(year=2020)
    assert (await anybody.get(f"{chat}/here")).json() == {"here": False}
    refused = await anybody.post(chat, data=TYPED | {"emails": ""}, headers={"hx-request": "true"})
    assert refused.status_code == 422
    assert (await anybody.post(chat, data=TYPED)).status_code == 201


async def test_hours(app: Starlette, ana: Client, anybody: Client) -> None:
    chat = "/p/widget/" + await place(ana, "chat", mon="09:00-10:00")
    with frozen(now().replace(year=2026, month=11, day=23, hour=8, minute=30)):  # a Monday, half past nine in Madrid
        assert (await anybody.get(f"{chat}/here")).json() == {"here": True}
    with frozen(now().replace(year=2026, month=11, day=23, hour=9, minute=30)):
        assert (await anybody.get(f"{chat}/here")).json() == {"here": False}


async def test_a_site_vouches(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    known = await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example")
    secret = await secret_of(ana)
    good = token(secret, email="Harriet@brightwater.example", name="Harriet C.")
    answer = await anybody.post(f"{chat}/identity", data={"token": good})
    assert answer.status_code == 200 and "Harriet" not in answer.text
    vouch = answer.json()["vouch"]
    typed = {"vouch": vouch, "emails": "somebody.else@x.example", "name": "Else"}
    assert (await anybody.post(chat, data=TYPED | typed)).status_code == 201
    async with app.state.database.transaction(read=True) as tx:
        case = await tx.get_one(Case, 1)
        assert (case.is_proved, case.contact_id) == (True, known.id)
    assert "proved" in (await ana.get("/cases/1")).text
    # The site's own name for them is enough from now on, and no typed mail moves it.
    bare = (await anybody.post(f"{chat}/identity", data={"token": token(secret)})).json()["vouch"]
    await anybody.post(chat, data=TYPED | {"vouch": bare, "emails": "bo@x.example"})
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(Case, 2)).contact_id == known.id
    fresh = await secret_of(ana)
    assert fresh != secret
    for old in (good, token(secret)):
        assert (await anybody.post(f"{chat}/identity", data={"token": old})).status_code == 403
    await anybody.post(chat, data=TYPED | {"vouch": bare, "emails": "new@x.example"})
    async with app.state.database.transaction(read=True) as tx:
        assert not (await tx.get_one(Case, 3)).is_proved, "what was vouched for with the old secret"


async def test_forged_identities(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    at = int(now().timestamp())
    assert (await anybody.post(f"{chat}/identity", data={"token": token("")})).status_code == 403, "no secret yet"
    secret = await secret_of(ana)
    head, body, mark = token(secret).split(".")
    forged = [
        token("another"), f"{head}.{body}.", f"{head}.{body}.{mark[:-2]}xx", token(secret, {"alg": "none"}) ,
        token(secret, {"alg": "HS512"}), token(secret, {"alg": "HS256", "crit": ["b64"]}), token(secret, exp=at - 60),
        token(secret, exp=at + 3600), token(secret, exp=True), token(secret, exp="9999999999"), token(secret, exp=None),
        token(secret, nbf=at + 600), token(secret, sub=""), token(secret, sub=7), token(secret, sub=["x"]),
        token(secret, email={"a": 1}), "", ".", "..", "x" * 3000, "[" * 2000 + ".e30.x", f"{head}.\udc00.{mark}",
    ]  # fmt: skip
    for one in forged:
        answer = await anybody.post(f"{chat}/identity", data={"token": one.encode("utf-8", "ignore").decode()})
        assert answer.status_code == 403, one
    assert (await anybody.post(f"{chat}/identity", data={"token": token(secret)})).status_code == 200


async def test_the_secret_is_not_in_the_database(app: Starlette, ana: Client, chat: str) -> None:
    secret = await secret_of(ana)
    assert secret not in (await ana.get("/settings/portal/1")).text
    async with app.state.database.transaction(read=True) as tx:
        connection = await tx.connection()
        rows = (await connection.exec_driver_sql("SELECT * FROM channel")).all()
    assert secret not in str(rows)


async def test_files_of_a_visitor(app: Starlette, ana: Client, anybody: Client, chat: str) -> None:
    files = [("files", (f"{n}.txt", b"words", "text/plain")) for n in range(6)]
    assert (await anybody.post(chat, data=TYPED, files=files)).status_code == 422
    answer = await anybody.post(chat, data=TYPED | {"text": ""}, files=files[:1])
    assert answer.status_code == 201
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.scalars(select(CaseMessage.body))).one().startswith("(files)")
    stored = [path for path in app.state.services.files._folder.rglob("*") if path.is_file()]
    assert len(stored) == 1, "what was refused is gone again"


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_visitor_hears_of_both_parts_of_a_split_chat(
    app: Starlette, ana: Client, anybody: Client, api: Client, chat: str, link_of: LinkOf, language: str
) -> None:
    """On the screen where the conversation began; what they write goes to the part that spoke to them last."""
    headers = await begin(anybody, chat)
    for words in ("It drips.", "And where is my order?"):
        await anybody.post("/p/case/messages", data={"text": words}, headers=headers)
    async with app.state.database.transaction() as tx:
        (await tx.get_one(Contact, 1)).language = language
    link = await link_of()
    await app.state.relay.drain()
    said = {"audience": "customer", "seen": "9"}
    for act in (
        lambda: ana.post("/cases/1/messages/3/split", data={"subject": "The order"}),
        lambda: ana.post("/cases/2/messages", data=said | {"text": "It left on Monday."}),
        lambda: anybody.post("/p/case/messages", data={"text": "Thank you, Monday."}, headers=headers),
        lambda: ana.post("/cases/1/messages", data=said | {"text": "Close the valve."}),
    ):
        await assert_live_equals_reload(app, anybody, link, act, language=language, regions=("said", "state"))
    words = [one["body"] for one in (await api.get("/cases/2/messages")).json()["items"]]
    assert words == ["And where is my order?", "It left on Monday.", "Thank you, Monday."]
    thread = (await anybody.get("/p/case", headers=headers)).text
    assert [thread.index(one) for one in ("It drips", "my order?", "on Monday", "you, Monday", "the valve")] == sorted(
        thread.index(one) for one in ("It drips", "my order?", "on Monday", "you, Monday", "the valve")
    )
