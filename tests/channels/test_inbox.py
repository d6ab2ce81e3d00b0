"""The port of mailboxes: the real one on dovecot and its twin pass the same tests."""

import asyncio
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.channels.imap import ImapInbox
from server.channels.inbox import Inbox
from server.kit.outbound import Outbound, Unreachable
from tests.channels.mailboxes import Mailbox, MemoryInbox, login
from tests.dovecot import Dovecot, dovecot, why_not

LETTER = b"Message-ID: <%d@x.example>\r\nSubject: Letter %d\r\n\r\nHello %d\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if reason := why_not():
        pytest.skip(reason)
    with dovecot() as made:
        yield made


def letters(*numbers: int) -> list[bytes]:
    return [LETTER % (n, n, n) for n in numbers]


class Case:
    """A mailbox, whichever it is."""

    def __init__(self, put: Callable[..., None], inbox: Callable[[], Inbox]) -> None:
        self.put, self.inbox = put, inbox


@pytest.fixture(params=["dovecot", "twin"])
async def box(request: pytest.FixtureRequest) -> Case:
    if request.param == "twin":
        mailbox = Mailbox()
        return Case(mailbox.put, lambda: MemoryInbox(mailbox))
    server: Dovecot = request.getfixturevalue("server")
    user = f"u{abs(hash(request.node.name))}"
    way = Outbound(f"127.0.0.1:{server.port}")
    return Case(lambda *those: server.put(user, *those), lambda: ImapInbox(way, login(server, user)))


class TestInbox:
    async def test_letters_come_by_number(self, box: Case) -> None:
        box.put(*letters(1, 2, 3))
        inbox = box.inbox()
        position = await inbox.open()
        assert position.next_uid == 4 and position.validity > 0
        (first, size), second, third = await inbox.after(0)
        assert (first, size, second[0], third[0]) == (1, len(LETTER % (1, 1, 1)), 2, 3)
        assert await inbox.after(3) == []
        got = await inbox.fetch([2, 3, 99])
        assert got == {2: LETTER % (2, 2, 2), 3: LETTER % (3, 3, 3)}
        await inbox.close()

    async def test_news_end_the_wait(self, box: Case) -> None:
        inbox = box.inbox()
        assert (await inbox.open()).next_uid == 1
        assert await inbox.after(0) == []
        waiting = asyncio.create_task(inbox.wait(30))
        await asyncio.to_thread(box.put, *letters(1)) if isinstance(inbox, ImapInbox) else box.put(*letters(1))
        await asyncio.wait_for(waiting, 10)
        assert [uid for uid, _size in await inbox.after(0)] == [1]
        await inbox.close()

    async def test_the_wait_has_an_end(self, box: Case) -> None:
        inbox = box.inbox()
        await inbox.open()
        await asyncio.wait_for(inbox.wait(0.01), 5)
        assert await inbox.after(0) == []
        await inbox.close()

    async def test_nothing_is_changed_in_it(self, box: Case) -> None:
        box.put(*letters(1))
        for _again in range(2):
            inbox = box.inbox()
            await inbox.open()
            assert list(await inbox.fetch([1])) == [1]
            await inbox.close()


async def refusal(inbox: ImapInbox) -> str:
    with pytest.raises(Unreachable) as refused:
        await inbox.open()
    await inbox.close()
    return refused.value.why


async def test_what_is_wrong_has_a_name(server: Dovecot) -> None:
    way = Outbound(f"127.0.0.1:{server.port},localhost:{server.port},127.0.0.1:1")
    assert await refusal(ImapInbox(way, login(server, password="wrong"))) == "login"
    assert await refusal(ImapInbox(way, login(server, folder="Nowhere"))) == "folder"
    assert await refusal(ImapInbox(way, login(server, port=1))) == "refused"
    assert await refusal(ImapInbox(way, login(server, security="starttls"))) == "secure"
    assert await refusal(ImapInbox(way, login(server, security="tls"))) == "secure"
    assert await refusal(ImapInbox(way, login(server, host="no-such-host.invalid"))) == "name"
    assert await refusal(ImapInbox(Outbound(), login(server))) == "inside"


async def test_seen_marks_stay(server: Dovecot) -> None:
    server.put("marks", *letters(1))
    inbox = ImapInbox(Outbound(f"127.0.0.1:{server.port}"), login(server, "marks"))
    await inbox.open()
    await inbox.fetch([1])
    await inbox.close()
    client = server.client("marks")
    client.select("INBOX", readonly=True)
    assert b"Seen" not in client.fetch("1", "(FLAGS)")[1][0]  # type: ignore[operator]
    client.logout()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """For localhost, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


async def test_certificates_count(
    server: Dovecot, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with dovecot(certificate) as safe:
        way = Outbound(
            ",".join(f"{host}:{port}" for host in ("127.0.0.1", "localhost") for port in (safe.port, safe.tls_port))
        )
        tls = {"host": "localhost", "port": safe.tls_port, "security": "tls"}
        start = {"host": "localhost", "security": "starttls"}
        for given in (tls, start):
            assert await refusal(ImapInbox(way, login(safe, **given))) == "certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        for given in (tls, start):
            user = str(given["security"])
            inbox = ImapInbox(way, login(safe, user, **given))
            assert (await inbox.open()).next_uid == 1
            waiting = asyncio.create_task(inbox.wait(30))
            await asyncio.to_thread(safe.put, user, *letters(1))
            await asyncio.wait_for(waiting, 10)
            assert await inbox.after(0)
            await inbox.close()
        for given in (tls, start):  # the certificate is for a name, not for this address
            assert await refusal(ImapInbox(way, login(safe, **given | {"host": "127.0.0.1"}))) == "certificate"


async def test_a_server_without_idle_is_asked_again(monkeypatch: pytest.MonkeyPatch, server: Dovecot) -> None:
    monkeypatch.setattr("server.channels.imap.POLL", 0.01)
    with dovecot(idles=False) as plain:
        inbox = ImapInbox(Outbound(f"127.0.0.1:{plain.port}"), login(plain))
        await inbox.open()
        assert not inbox.pushes
        await asyncio.to_thread(plain.put, "help", *letters(1))
        await inbox.wait(30)
        assert [uid for uid, _size in await inbox.after(0)] == [1]
        await inbox.close()
