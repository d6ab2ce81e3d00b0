"""The document tells the truth: every operation is in it, and answers as it says."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx2 as httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette

from server.identity.actions import PersonDraft, WorkspaceDraft, create_workspace
from server.kit.api import ApiRoute
from server.kit.text import catalogue
from server.main import build_app
from server.settings import Settings
from tests.conftest import Client, token_of

EXAMPLES = 5
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


async def test_every_operation_is_in_the_document(app: Starlette, ana: Client) -> None:
    document = (await ana.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    written = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    known = [route for route in app.state.house.routes if route.path.startswith("/api/v1/")]
    made = {
        (method, r.path.replace(":int}", "}")) for r in known if isinstance(r, ApiRoute) for method in r.methods or ()
    }
    assert written == {(method, path) for method, path in made if method != "HEAD"}
    assert {r.path for r in known if not isinstance(r, ApiRoute)} == {"/api/v1/openapi.json", "/api/v1/docs"}
    ids = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))


async def test_what_is_made_stands_where_the_answer_says(app: Starlette, api: Client) -> None:
    made = [route.operation for route in app.state.house.routes if isinstance(route, ApiRoute)]
    readable = {one.path for one in made if one.method == "GET"}
    posted = {one.gives.home for one in made if one.method == "POST" and one.gives and one.gives.home}
    assert len(posted) > 5 and {f"/{home}/{{id:int}}" for home in posted} <= readable
    field = await api.post("/fields", json={"label": "Tenure", "kind": "number"})
    assert field.headers["location"] == "/api/v1/fields"


@pytest.mark.parametrize("about", ["nonsense", "contact:", "contact:x", "7"])
async def test_what_is_no_reference_is_no_empty_list(api: Client, about: str) -> None:
    for home in ("tasks", "calls"):
        assert (await api.get(f"/{home}?about={about}")).json()["fields"] == {"about": "No such record"}
        assert (await api.get(f"/{home}?about=contact:999")).json()["items"] == []


@pytest.mark.parametrize(
    ("address", "member", "said"),
    [
        ("/contacts?owner=ana", "owner", "A number, me or none is expected here"),
        ("/tasks?assignee=0", "assignee", "A number, me or none is expected here"),
        ("/figures/cases?since=yesterday", "since", "A day such as 2026-12-02 is expected here"),
        (f"/events?after={10**18}", "after", f"Less than {10**18}"),
        (f"/events?after={'9' * 5000}", "after", "A whole number is expected here"),
        ("/contacts?q=a&q=b&limit=5", "q", "Each parameter is given once"),
    ],
)
async def test_what_is_asked_wrongly_is_named_and_what_belongs_there(
    api: Client, address: str, member: str, said: str
) -> None:
    answer = await api.get(address)
    assert (answer.status_code, answer.json()["fields"]) == (422, {member: said})


async def test_a_moment_is_asked_for_with_its_zone(api: Client) -> None:
    for wrong in ("soon", "2026-12-02T09:30:00", True):
        answer = await api.patch("/cases/1", json={"status": "snoozed", "snoozed_until": wrong})
        said = "A time with its zone, such as 2026-12-02T09:30:00Z, is expected here"
        assert answer.json()["fields"] == {"snoozed_until": said}


async def test_every_write_tells_that_somebody_may_be_faster(ana: Client) -> None:
    document = (await ana.get("/api/v1/openapi.json")).json()
    for methods in document["paths"].values():
        for method, told in methods.items():
            assert ("409" in told["responses"]) == (method != "get")


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_page_names_every_operation_in_the_reader_s_language(
    app: Starlette, ana: Client, language: str
) -> None:
    page = (await ana.get(f"/api/v1/docs?lang={language}")).text
    operations = [route.operation for route in app.state.house.routes if isinstance(route, ApiRoute)]
    words = catalogue(language) if language == "es" else {}
    for operation in operations:
        told = words[operation.summary][0] if words else operation.summary
        assert told in page, operation.summary


async def test_unknown_addresses_and_methods_answer_json(app: Starlette, ana: Client) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/contacts", 405),
        ("GET", "/api/v1/contacts/0", 404),
        ("GET", f"/api/v1/contacts/{'9' * 5000}", 404),
    ):
        answer = await ana.request(method, path)
        assert answer.status_code == status and answer.json()["message"], path
        assert (status == 405) == ("allow" in answer.headers)


async def test_405_names_every_method_of_the_address(app: Starlette, ana: Client) -> None:
    for path, methods in (
        ("/api/v1/contacts", "GET, HEAD, POST"),
        ("/api/v1/contacts/7", "DELETE, GET, HEAD, PATCH"),
        ("/api/v1/files/7/content", "GET, HEAD"),
        ("/tasks", "GET, HEAD, POST"),
    ):
        answer = await ana.put(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods), path


@pytest.fixture
def served(settings: Settings) -> Iterator[tuple[str, str]]:
    """The whole app in a thread and a loop of its own: (address, the owner's token)."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    ready, told, servers = threading.Event(), [""], []

    async def serve() -> None:
        app = build_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        servers.append(server)
        async with app.state.database.transaction() as tx:
            draft = WorkspaceDraft("Nogal Café", "en", "Europe/Madrid", ("Sales",))
            await create_workspace(tx, draft, PersonDraft("Ana", "ana@example.org", "no password"))
        told[0] = await token_of(app, 1)
        ready.set()
        await server.serve([listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", told[0]
    finally:
        servers[0].should_exit = True
        thread.join(20)


def test_it_answers_as_the_document_says(served: tuple[str, str]) -> None:
    base, token = served
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{base}/api/v1", headers=headers, trust_env=False) as client:
        assert client.post("/contacts", json={"name": "Lucía"}).status_code == 201
        assert client.post("/companies", json={"name": "Nogal"}).status_code == 201
        assert client.post("/contacts/1/notes", json={"body": "x"}).status_code == 201
        assert client.post("/tasks", json={"title": "x", "about": "contact:1"}).status_code == 201
        assert client.post("/rooms/1/messages", json={"body": "x"}).status_code == 201
        document = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            derandomize=True,
            database=None,
        )
        def answers(case: schemathesis.Case) -> None:
            case.call_and_validate(base_url=base, headers=headers, checks=CHECKS)

        answers()
