"""What the sweep asks: everybody who may not, every address, filled with the numbers of what is closed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from server.contacts.access import KINDS
from server.identity.actions import PersonDraft, WorkspaceDraft, create_workspace, start_session
from server.identity.cookies import cookie_name
from server.identity.models import User, Workspace
from server.kit.access import Role
from server.kit.db import Base, Tx
from tests.conftest import add_person, token_of
from tests.house.rights.asker import Asker, Said

OPEN = {  # what anybody may ask for; all else sends a visitor to the door
    "GET /", "GET /setup", "POST /setup", "GET /signin", "POST /signin", "GET /forgot", "POST /forgot",
    "GET /join/{token}", "POST /join/{token}", "GET /reset/{token}", "POST /reset/{token}",
    "GET /p/join/{token}", "POST /p/join/{token}", "GET /p/call", "POST /p/call/messages", "PUT /p/call/consent",
    "DELETE /p/call/consent", "POST /p/call/leave",
    "GET /p/call/{key:line}", "POST /p/call/{key:line}", "POST /p/call/{key:line}/notes",
    "GET /p/case", "POST /p/case/messages", "POST /p/case/rating", "POST /p/case/reading", "GET /p/case/{token}",
    "POST /p/case/{token}", "GET /p/form/{key}", "POST /p/form/{key}", "GET /p/widget/{key}.js", "GET /p/widget/{key}",
    "POST /p/widget/{key}", "GET /p/widget/{key}/here", "POST /p/widget/{key}/identity",
    "POST /p/hooks/{key}",
    "GET /health", "GET /ready", "GET /api/v1/openapi.json", "GET /api/v1/docs",
}  # fmt: skip
MISSING = 999_999
WORD = "Zebracorn"  # stands in everything that is closed, and nowhere else


@dataclass
class Place:
    """A workspace with one closed record and what belongs to it, a private room and a conversation."""

    app: Starlette
    numbers: dict[str, int]  # kind → number of a closed thing
    beside: dict[str, int]  # kind → number of an open thing of the closed company
    committed: bool = True  # since the last look
    seen: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app.state.database.after_commit.append(self._note)

    def _note(self, tx: Tx) -> None:
        self.committed = True

    async def look(self) -> dict[str, list[Any]]:
        """The whole database; read again when something was committed meanwhile, for nothing else can change it."""
        if self.committed:
            self.seen, self.committed = await self.read(), False
        return self.seen

    async def read(self) -> dict[str, list[Any]]:
        async with self.app.state.database.transaction(read=True) as tx:
            connection = await tx.connection()
            name_of = connection.dialect.identifier_preparer.format_table
            found = {}
            for table in Base.metadata.sorted_tables:
                rows = await connection.exec_driver_sql(f"SELECT * FROM {name_of(table)}")
                found[table.name] = sorted(map(str, rows))
            return found


def routes_of(app: Starlette) -> Iterator[tuple[str, Route]]:
    for one in app.routes:
        if isinstance(one, Route):
            yield from ((method, one) for method in sorted(one.methods or ()) if method != "HEAD")


async def act_as(app: Starlette, workspace: Workspace, name: str) -> list[Asker]:
    """A browser and a program of somebody who may not."""
    browser = {"sec-fetch-site": "same-origin"}
    if name == "anonymous":
        return [Asker(app, **browser)]
    user = await person(app, workspace, name)
    settings = app.state.settings
    async with app.state.database.transaction() as tx:
        cookie = await start_session(tx, user, "tests", "127.0.0.1", settings.session_days, settings.secret)
    program = {"authorization": f"Bearer {await token_of(app, user.id)}"}
    if name == "ex-member":
        async with app.state.database.transaction() as tx:
            (await tx.get_one(User, user.id)).active = False
    await app.state.relay.drain()  # else /ready says after a minute that nobody does
    return [Asker(app, cookie=f"{cookie_name(settings)}={cookie}", **browser), Asker(app, **program)]


async def person(app: Starlette, workspace: Workspace, name: str) -> User:
    roles: dict[str, Role] = {"read-only": "read-only", "ex-member": "admin", "colleague": "admin"}
    if name != "stranger":
        return await add_person(app, workspace, f"{name.title()} Doe", roles[name])
    async with app.state.database.transaction() as tx:
        draft = WorkspaceDraft("Elsewhere", "en", "UTC")
        return (await create_workspace(tx, draft, PersonDraft("Eve", "eve@example.org", "no password")))[1]


WHO = ("anonymous", "stranger", "ex-member", "read-only", "colleague")
KIND_OF = (  # how an address begins, and what its number counts
    ("/contacts/views", None), ("/cases/views", None), ("/contacts", "contact"), ("/companies", "company"), ("/notes", "note"), ("/files", "file"),
    ("/tasks", "task"), ("/messages", "message"), ("/rooms", "room"), ("/chat", "room"), ("/calls", "call"),
    ("/cases", "case"),
)  # fmt: skip


def addresses(route: Route, numbers: dict[str, int]) -> list[tuple[str, str]]:
    """(of a closed thing, of nothing) for each closed thing that the address may name; one pair when it names none."""
    path = re.sub(r"{(\w+):int}", r"{\1}", route.path)
    plain = path.removeprefix("/api/v1")
    kind = next((kind for start, kind in KIND_OF if plain.startswith(start + "/{")), None)
    fill = {"part": "nav", "field": "title", "emoji": "👍", "token": "x" * 20, "what": "owner", "place": "room:1"}
    fill |= {"item": "1", "user": "1", "person": "1", "link": "1"}

    def filled(**values: object) -> str:
        return re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], fill.get(match[1], 1))), path)

    if "{about}" in path:
        return [(filled(about=f"{one}:{numbers[one]}"), filled(about=f"{one}:{MISSING}")) for one in KINDS]
    if "{place}" in path:
        return [(filled(place=f"room:{numbers['room']}"), filled(place=f"room:{MISSING}"))]
    beside = {"room": ["direct"], "call": ["call:room", "call:direct"]}
    kinds = [kind, *beside.get(kind, [])] if kind else []
    if kinds:
        return [(filled(id=numbers[one]), filled(id=MISSING)) for one in kinds]
    return [(filled(id=MISSING), filled(id=MISSING))]


def wordless(text: str) -> str:
    """An answer without what differs each time: nonces, numbers of the address."""
    return re.sub(r'nonce="[^"]*"|"inlineScriptNonce":"[^"]*"|\d+', "", text)


def differs(there: Said, nothing: Said) -> bool:
    """Whether one can tell what is closed from what does not exist."""
    one, other = ((said.status_code, wordless(said.text), place_of(said)) for said in (there, nothing))
    return one != other


def place_of(answer: Said) -> str:
    return wordless(answer.headers.get("location", "") + answer.headers.get("hx-redirect", ""))


FORM = {"text": "x", "value": "x", "name": "x", "to": "user:1", "event": "1", "message": "1", "seen": "0", "user": "1"}


async def ask(asker: Asker, method: str, address: str) -> Said:
    """As a form and as JSON would be sent, the smallest that a reader of it may take."""
    if method == "GET":
        return await asker.request(method, address)
    if address.startswith("/api/"):
        word = "body" if "messages" in address or "notes" in address else "name"
        return await asker.request(method, address, body={word: "x"})
    return await asker.request(method, address, form=FORM)
