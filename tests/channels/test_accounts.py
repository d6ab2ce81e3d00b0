"""Mail accounts of an address: typed once, never shown again, and tested in our own words."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import text
from starlette.applications import Starlette

from server.channels.models import MailAccount
from server.kit.db import Base
from server.kit.mail import AccountMailer, Mailer, NotTaken, NullMailer, SmtpServer, compose
from server.kit.outbound import Outbound, Unreachable
from server.kit.seal import seal, unseal
from tests import make, needs
from tests.channels.test_settings import DRAFT, mateo_becomes_admin
from tests.conftest import Client
from tests.dovecot import PASSWORD, Dovecot, dovecot, why_not
from tests.live import assert_live_equals_reload

# The test server speaks over loopback.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
PAGE = "/settings/channels/1"
IN, OUT = f"{PAGE}/accounts/in", f"{PAGE}/accounts/out"
SECRET = "Quokka-2718"
ACCOUNT = {"host": "mail.nogal.example", "port": "993", "security": "tls", "username": "help", "password": SECRET}


@pytest.fixture
async def channel(ana: Client) -> None:
    assert (await ana.post("/settings/channels", data=DRAFT)).status_code == 201


async def database_text(app: Starlette) -> str:
    async with app.state.database.transaction(read=True) as tx:
        rows = [await tx.execute(text(f'SELECT * FROM "{table.name}"')) for table in Base.metadata.sorted_tables]
        return "".join(str(row) for one in rows for row in one)


async def test_a_password_is_never_seen_again(
    app: Starlette, ana: Client, channel: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await ana.put(IN, data=ACCOUNT)).status_code == 200
    page = (await ana.get(PAGE)).text
    assert "mail.nogal.example" in page and SECRET not in page
    assert SECRET not in await database_text(app) and SECRET not in caplog.text
    (fact,) = await make.facts(app, "channel.changed")
    assert fact.data == {"field": "incoming", "old": "", "new": "help · mail.nogal.example:993 · tls"}
    async with app.state.database.transaction(read=True) as tx:
        account = await tx.get_one(MailAccount, (1, "in"))
    assert unseal(app.state.settings.secret, account.sealed) == SECRET and SECRET not in repr(account)
    assert unseal(b"another key", account.sealed) == ""


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert seal(b"k", "x") != seal(b"k", "x") and seal(b"k", "") == "" == unseal(b"k", "")


async def test_a_known_password_goes_to_its_server_only(ana: Client, channel: None) -> None:
    assert (await ana.put(IN, data=ACCOUNT | {"password": ""})).status_code == 422
    assert (await ana.put(IN, data=ACCOUNT)).status_code == 200
    assert (await ana.put(IN, data=ACCOUNT | {"password": "", "folder": "Support"})).status_code == 200
    for other in ({"host": "evil.example"}, {"port": "143"}, {"security": "none"}, {"username": "other"}):
        answer = await ana.put(IN, data=ACCOUNT | {"password": ""} | other)
        assert answer.status_code == 422 and "Type the password" in answer.text


WRONG = [
    ({"host": "a b"}, "no name of a server"),
    ({"host": ""}, "no name of a server"),
    ({"host": "x@y"}, "no name of a server"),
    ({"port": "0"}, "A port is a number"),
    ({"port": "99999"}, "A port is a number"),
    ({"port": "x"}, "A port is a number"),
    ({"security": "some"}, "No such kind"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
async def test_what_is_no_account_says_so(ana: Client, channel: None, wrong: dict[str, str], said: str) -> None:
    answer = await ana.put(IN, data=ACCOUNT | wrong)
    assert answer.status_code == 422 and said in answer.text


async def test_members_and_strangers_know_nothing_of_accounts(
    ana: Client, mateo: Client, stranger: Client, channel: None
) -> None:
    await ana.put(IN, data=ACCOUNT)
    for client, status in ((mateo, 403), (stranger, 404)):
        assert (await client.get(PAGE)).status_code == status
        assert (await client.put(IN, data=ACCOUNT)).status_code == status
        assert (await client.post(f"{IN}/test")).status_code == status
        assert (await client.delete(IN)).status_code == status
    assert (await ana.put(f"{PAGE}/accounts/up", data=ACCOUNT)).status_code == 404


async def test_an_account_goes_and_the_page_follows(app: Starlette, ana: Client, mateo: Client, channel: None) -> None:
    await mateo_becomes_admin(app)
    state = ("mail-of-1",)
    await assert_live_equals_reload(app, mateo, PAGE, lambda: ana.put(IN, data=ACCOUNT), regions=state)
    await assert_live_equals_reload(app, mateo, PAGE, lambda: ana.delete(IN), regions=state)
    assert "mail.nogal.example" not in (await ana.get(PAGE)).text
    assert (await ana.post(f"{IN}/test")).status_code == 404


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if reason := why_not():
        pytest.skip(reason)
    with dovecot() as made:
        yield made


def allow(app: Starlette, *ports: int) -> None:
    outbound = Outbound(",".join(f"127.0.0.1:{port}" for port in ports))
    object.__setattr__(app.state.services, "outbound", outbound)


async def test_the_mailbox_is_tried_as_it_is_set(app: Starlette, ana: Client, channel: None, server: Dovecot) -> None:
    here = {"host": "127.0.0.1", "port": str(server.port), "security": "none", "username": "help"}
    await ana.put(IN, data=here | {"password": PASSWORD})
    assert "not allowed" in (await ana.post(f"{IN}/test")).text
    allow(app, server.port)
    assert "It works" in (await ana.post(f"{IN}/test")).text
    await ana.put(IN, data=here | {"password": "wrong"})
    answer = await ana.post(f"{IN}/test")
    assert "does not accept the name and the password" in answer.text and "AUTHENTICATIONFAILED" not in answer.text
    await make.speak(app, 1, "es")
    assert "no acepta el nombre" in (await ana.post(f"{IN}/test")).text


class Post:
    """A mail server that wants a password and takes what it is told to."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.says = "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        if self.says.startswith("250"):
            self.taken.append(envelope.content)  # type: ignore[attr-defined]
        return self.says


@pytest.fixture
async def post() -> AsyncIterator[tuple[Post, int]]:
    post, port = Post(), needs.free_port()

    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=data.password == SECRET.encode(), handled=False)  # type: ignore[attr-defined]

    controller = Controller(
        post, hostname="127.0.0.1", port=port, authenticator=check, auth_required=True, auth_require_tls=False
    )
    controller.start()
    yield post, port
    controller.stop()


async def test_the_way_out_is_tried_too(app: Starlette, ana: Client, channel: None, post: tuple[Post, int]) -> None:
    _post, port = post
    here = {"host": "127.0.0.1", "port": str(port), "security": "none", "username": "help"}
    await ana.put(OUT, data=here | {"password": SECRET})
    assert "not allowed" in (await ana.post(f"{OUT}/test")).text
    allow(app, port, 1)
    assert "It works" in (await ana.post(f"{OUT}/test")).text
    await ana.put(OUT, data=here | {"password": "wrong"})
    assert "does not accept" in (await ana.post(f"{OUT}/test")).text
    await ana.put(OUT, data=here | {"password": SECRET, "security": "starttls"})
    assert "encrypted" in (await ana.post(f"{OUT}/test")).text
    await ana.put(OUT, data=here | {"password": SECRET, "port": "1"})
    assert "refuses the connection" in (await ana.post(f"{OUT}/test")).text


@pytest.fixture(params=["smtp", "twin"])
def mailer(request: pytest.FixtureRequest) -> tuple[Mailer, list[object]]:
    if request.param == "twin":
        twin = NullMailer()
        return twin, twin.posted  # type: ignore[return-value]
    post, port = request.getfixturevalue("post")
    server = SmtpServer("127.0.0.1", port, "none", "help", SECRET)
    return AccountMailer(server, Outbound(f"127.0.0.1:{port}")), post.taken


class TestMailer:
    """The real one and its twin."""

    async def test_letters_arrive(self, mailer: tuple[Mailer, list[object]]) -> None:
        one, _taken = mailer
        await one.post(compose("help@nogal.example", "harriet@x.example", "Hello", "Words"))
        taken = one.posted if isinstance(one, NullMailer) else mailer[1]
        assert len(taken) == 1 and b"Words" in (taken[0] if isinstance(taken[0], bytes) else taken[0].as_bytes())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("says", "is_final"), [("550 No such person", True), ("451 Later", False)])
async def test_a_no_for_good_is_told_from_a_not_now(post: tuple[Post, int], says: str, is_final: bool) -> None:
    post[0].says = says
    mailer = AccountMailer(SmtpServer("127.0.0.1", post[1], "none", "help", SECRET), Outbound(f"127.0.0.1:{post[1]}"))
    with pytest.raises(NotTaken) as refused:
        await mailer.post(compose("help@nogal.example", "harriet@x.example", "Hello", "Words"))
    assert refused.value.is_final is is_final and "No such person" not in str(refused.value)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        port = silent.getsockname()[1]
        mailer = AccountMailer(SmtpServer("127.0.0.1", port, "none", "", ""), Outbound(f"127.0.0.1:{port}"))
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Unreachable) as refused:
            patch.setattr("server.kit.mail.PATIENCE", 0.1)
            await asyncio.wait_for(mailer.test(), 5)
    assert refused.value.why == "late"
