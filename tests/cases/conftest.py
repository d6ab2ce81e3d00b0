"""A workspace with an address at which customers write, and letters that come to it."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.cases.delivery import deliver
from server.cases.intake import Taken
from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.kit.access import Principal
from server.kit.files import Files

HELP = "help@nogal.example"
Take = Callable[..., Awaitable[Taken]]


def letter(
    sender: str = "Harriet Cole <harriet@brightwater.example>",
    subject: str = "Steam wand loses pressure",
    text: str = "The left wand gives wet steam.",
    **headers: str,
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, headers.pop("To", HELP), subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@pytest.fixture
async def channel(app: Starlette, ana: object, who: Principal) -> int:
    async with app.state.database.transaction() as tx:
        draft = ChannelDraft(HELP, "Nogal Café", "en", signature="Nogal Café, Madrid")
        return (await open_channel(tx, who, draft)).id


@pytest.fixture
def take(app: Starlette, channel: int, tmp_path: Path) -> Take:
    """Delivers a letter as the mail server would; relay and jobs wait to be drained."""

    async def deliver_one(raw: bytes | None = None, to: str = HELP, **parts: str) -> Taken:
        files: Files = app.state.services.files
        taken = await deliver(app.state.database, files, to, raw if raw is not None else letter(**parts))
        assert taken is not None
        return taken

    return deliver_one
