"""Invitations, new passwords and roles by mail: through a real server, and into the twin that keeps what it is given."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select
from starlette.applications import Starlette

from server.kit.clock import frozen
from server.kit.jobs import JobRow
from server.kit.mail import NullMailer, SmtpMailer
from tests.conftest import Client


class Letters:
    """What a server took; while `is_closed` it says to come again later."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.is_closed = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.is_closed:
            return "451 come again later"
        letter = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(letter, EmailMessage) and envelope.rcpt_tos == [letter["To"]]
        self.taken.append(letter)
        return "250 OK"


@pytest.fixture
async def letters(app: Starlette) -> AsyncIterator[Letters]:
    """A real SMTP server, which the app is set to use."""
    kept = Letters()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(kept), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "table@example.org")
    services = replace(app.state.services, mailer=mailer)
    app.state.services = app.state.worker._services = services
    yield kept
    server.close()
    await server.wait_closed()


def link_in(letter: EmailMessage) -> str:
    found = re.search(r"http://test(/\S+)", letter.get_content())
    assert found is not None
    return found[1]


async def test_an_invitation_comes_by_mail_and_to_copy(app: Starlette, ana: Client, letters: Letters) -> None:
    answer = await ana.post(
        "/settings/invitations", data={"emails": "priya@example.org"}, headers={"host": "evil.example"}
    )
    assert answer.status_code == 201 and "on its way" in answer.text
    assert letters.taken == [], "nothing leaves before the commit"
    await app.state.worker.drain()
    [letter] = letters.taken
    assert letter["Subject"] == "Ana Beltrán invites you to Nogal Café" and letter["To"] == "priya@example.org"
    assert letter["From"] == "table@example.org" and letter["Auto-Submitted"] == "auto-generated"
    assert link_in(letter) in answer.text, "the same link to copy"
    joined = await ana.post(link_in(letter), data={"name": "Priya", "password": "correct horse battery"})
    assert joined.status_code == 303 and joined.headers["location"] == "/contacts"


async def test_a_letter_waits_for_the_server_and_is_forgotten_then(
    app: Starlette, ana: Client, letters: Letters
) -> None:
    async def job() -> JobRow:
        async with app.state.database.transaction(read=True) as tx:
            found = await tx.scalar(select(JobRow).where(JobRow.name == "identity.send_letter"))
        assert found is not None
        return found

    with frozen() as clock:
        letters.is_closed = True
        await ana.post("/settings/invitations", data={"emails": "priya@example.org"})
        await app.state.worker.drain()
        assert letters.taken == [] and (await job()).state == "waiting"
        letters.is_closed = False
        clock.forward(seconds=6)
        await app.state.worker.drain()
        assert len(letters.taken) == 1
    assert (await job()).state == "done" and (await job()).args == {}, "the link is kept nowhere"


async def test_roles_and_new_passwords_come_in_their_readers_language(
    app: Starlette, ana: Client, mateo: Client, letters: Letters
) -> None:
    await mateo.put("/settings/profile/language", data={"value": "es"})
    for role in ("manager", "manager"):
        assert (await ana.put("/settings/people/2/role", data={"value": role})).status_code == 200
    assert (await ana.post("/settings/people/2/reset")).status_code == 201
    await ana.post("/forgot", data={"email": "mateo@example.org"})
    await ana.post("/forgot", data={"email": "nobody@example.org"})
    await app.state.worker.drain()
    subjects = [letter["Subject"] for letter in letters.taken]
    assert subjects[0] == "Tu rol en Nogal Café ha cambiado" and len(subjects) == 3, subjects
    assert "responsable" in letters.taken[0].get_content()
    assert {letter["To"] for letter in letters.taken} == {"mateo@example.org"}
    assert all(link_in(letter).startswith("/reset/") for letter in letters.taken[1:])


async def test_without_a_server_nothing_is_sent(app: Starlette, ana: Client) -> None:
    answer = await ana.post("/settings/invitations", data={"emails": "priya@example.org"})
    assert "/join/" in answer.text and "on its way" not in answer.text
    await app.state.worker.drain()
    assert isinstance(app.state.services.mailer, NullMailer) and app.state.services.mailer.sent == []


async def test_the_twin_keeps_what_it_is_given(app: Starlette, ana: Client) -> None:
    twin = app.state.services.mailer
    twin.is_real = True
    await ana.post("/settings/invitations", data={"emails": "priya@example.org\nteo@example.org"})
    await app.state.worker.drain()
    assert [to for to, _subject, _text in twin.sent] == ["priya@example.org", "teo@example.org"]
