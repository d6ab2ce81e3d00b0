"""The operations as the page of the API shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from server.kit.api import PREFIX, Operation


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a body or a parameter of an address."""

    name: str
    kind: str
    needed: bool
    about: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation: what it takes, and the names of what it gives."""

    operation: Operation
    address: str
    parameters: list[Member]
    body: list[Member]
    answer: list[str]


def groups_of(operations: Iterable[Operation]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for operation in operations:
        entry = Entry(
            operation=operation,
            address=PREFIX + operation.path.replace(":int}", "}"),
            parameters=members_of(operation.asks),
            body=_body_of(operation),
            answer=list(operation.gives.model_fields) if operation.gives else [],
        )
        found.setdefault(operation.group, []).append(entry)
    return dict(sorted(found.items()))


def _body_of(operation: Operation) -> list[Member]:
    """A form carries its file in one field."""
    if operation.sends:
        return [Member(operation.sends, "multipart/form-data", True, "")]
    return members_of(operation.takes) if operation.takes else []


@cache
def members_of(model: type[BaseModel]) -> list[Member]:
    schema = model.model_json_schema()
    needed = schema.get("required", [])
    return [
        Member(name, kind_of(one), name in needed, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]


def kind_of(schema: dict[str, Any]) -> str:
    """A type in a few signs: "integer | null", "string[]", "low | normal | high"."""
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind_of(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        inner = kind_of(schema.get("items", {}))
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    return str(schema.get("format") or schema.get("type") or "object")
