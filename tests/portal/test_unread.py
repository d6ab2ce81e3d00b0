"""What was said in a chat goes by mail when nobody reads it there."""

from typing import Any

import pytest
from starlette.applications import Starlette

from server.kit.clock import frozen
from tests.conftest import Client
from tests.portal.places import begin, chat_of


@pytest.fixture
async def chat(ana: Client) -> str:
    return await chat_of(ana)


@pytest.fixture
async def sent(app: Starlette, ana: Client) -> list[Any]:
    """Letters that left."""
    letters: list[Any] = []

    class Post:
        is_real = True

        async def post(self, letter: Any) -> None:
            letters.append(letter)

    object.__setattr__(app.state.worker._services, "mailer", Post())
    await ana.post("/settings/channels", data={"address": "help@nogal.example"})
    return letters


async def pass_patience(app: Starlette) -> None:
    with frozen() as clock:
        clock.forward(minutes=3)
        await app.state.worker.drain()
        await app.state.worker.drain()


async def test_what_was_read_before_it_was_split_off_goes_nowhere(
    app: Starlette, ana: Client, anybody: Client, chat: str, sent: list[Any]
) -> None:
    mine = await begin(anybody, chat)
    said = {"audience": "customer", "seen": "9"}
    await ana.post("/cases/1/messages", data=said | {"text": "Read in the chat"})
    await ana.post("/cases/1/messages", data=said | {"text": "Read there too"})
    await anybody.post("/p/case/reading", data={"n": "3"}, headers=mine)
    await ana.post("/cases/1/messages", data=said | {"text": "Not read there"})
    assert (await ana.post("/cases/1/messages/3/split", data={"subject": "The order"})).status_code == 201
    await pass_patience(app)
    assert [next(one.iter_parts()).get_content().split("\n")[0].strip() for one in sent] == ["Not read there"]


async def test_what_a_part_says_later_and_is_read_goes_nowhere(
    app: Starlette, ana: Client, anybody: Client, chat: str, sent: list[Any]
) -> None:
    """The newest line of a part that the screen shows, by its id: never as far as what it does not show."""
    mine = await begin(anybody, chat)
    await anybody.post("/p/case/messages", data={"text": "And my order?"}, headers=mine)
    assert (await ana.post("/cases/1/messages/2/split", data={"subject": "The order"})).status_code == 201
    said = {"audience": "customer", "seen": "9"}
    await ana.post("/cases/2/messages", data=said | {"text": "Read in the chat"})
    newest = (await anybody.get("/p/case", headers=mine)).text.split('id="said-')[-1].partition('"')[0]
    await anybody.post("/p/case/reading", data={"n": "1", "part": newest}, headers=mine)
    await ana.post("/cases/2/messages", data=said | {"text": "Not read there"})
    stranger = await begin(anybody, chat)
    await anybody.post("/p/case/reading", data={"n": "1", "part": "999999999"}, headers=stranger)
    await pass_patience(app)
    assert [next(one.iter_parts()).get_content().split("\n")[0].strip() for one in sent] == ["Not read there"]


async def test_what_is_not_read_goes_by_mail(
    app: Starlette, ana: Client, anybody: Client, chat: str, sent: list[Any]
) -> None:
    mine = await begin(anybody, chat)
    for n, text in ((1, "Read in the chat"), (2, "Not read there")):
        await ana.post("/cases/1/messages", data={"audience": "customer", "text": text, "seen": str(n)})
        if n == 1:
            await anybody.post("/p/case/reading", data={"n": "2"}, headers=mine)
    await app.state.worker.drain()
    assert sent == [], "they may be about to read it"
    await pass_patience(app)
    (letter,) = sent
    assert letter["To"] == "Harriet <harriet@brightwater.example>" and letter["From"].endswith("<help@nogal.example>")
    plain = next(letter.iter_parts()).get_content()
    assert "Not read there" in plain and "/p/case/" in plain and "Read in the chat" not in plain
    assert "Not read there" in (await anybody.get("/p/case", headers=mine)).text
