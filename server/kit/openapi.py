"""OpenAPI 3.1 from the table of operations and the models that check them."""

import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from server.kit.api import PREFIX, Operation, Shape, is_write
from server.kit.errors import NAMES

REF = "#/components/schemas/"
ABOUT = """\
Everything people do in Tertulia, for programs. Send `Authorization: Bearer <token>`; a token has its person's own
rights and is made in the settings. Lists answer `{"items": […], "next": cursor}`: ask again with `?cursor=` until it is
null. A record that is not yours is answered like one that does not exist; a method that an address does not have is
answered with 405 and `Allow`, the ones it has. Every write takes an `Idempotency-Key`: the
same key gets the same answer again and writes once. Changes as they happen come by WebSocket at `/live`."""


class Problem(Shape):
    """`fields` says which member is wrong, and why. `theirs` tells what somebody else wrote meanwhile (409)."""

    error: str = Field(description="One for each status: " + ", ".join(f"{name} ({n})" for n, name in NAMES.items()))
    message: str
    fields: dict[str, str] = Field(default_factory=dict)
    theirs: dict[str, Any] | None = None


REASONS = {
    401: "No valid token",
    403: "Your role or the record does not allow it",
    404: "Not there, or not yours to know of",
    409: "Somebody was faster: it is changed, claimed, answered or over meanwhile",
    422: "Something in the request is wrong",
}


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    known = list(operations)
    schemas = _schemas(known)
    paths: dict[str, Any] = {}
    for operation in known:
        address = PREFIX + re.sub(r":\w+}", "}", operation.path)
        paths.setdefault(address, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tertulia", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "responses": {str(status): _problem(f"`{NAMES[status]}`: {why}") for status, why in REASONS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    """ "$defs" by name; (model, mode) → reference beside it."""
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(Problem, "validation")]
    wanted += [(one.takes, "validation") for one in operations if one.takes]
    wanted += [(one.gives, "serialization") for one in operations if one.gives]
    references, found = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF + "{model}")
    return {"$defs": found["$defs"], "of": references}


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{operation.group}.{operation.name}",
        "summary": operation.summary,
        "tags": [operation.group],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation, schemas),
    }
    if operation.takes:
        schema = schemas["of"][operation.takes, "validation"]
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.sends:
        file = {"type": "string", "format": "binary"}
        form = {"type": "object", "properties": {operation.sends: file}, "required": [operation.sends]}
        made["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return made


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    whole = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    names = re.findall(r"{(\w+):int}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": whole} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.asks.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            **({"description": about} if (about := one.get("description")) else {}),
            "schema": {key: value for key, value in one.items() if key not in ("title", "description")},
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if not is_write(operation):
        return []
    key = {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": key}]


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.summary}
    if operation.gives:
        schema = schemas["of"][operation.gives, "serialization"]
        good["content"] = {"application/json": {"schema": schema}}
    if operation.gives_file:
        good["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if operation.method == "POST":
        good["headers"] = {"Location": {"description": "Where it stands", "schema": {"type": "string"}}}
    wrong = [401, 422]
    wrong += [403, 409] if is_write(operation) else []
    wrong += [404] if "{" in operation.path else []
    shared = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(wrong)}
    return {str(operation.status): good, **shared}


def _problem(why: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": {"$ref": REF + "Problem"}}}}
