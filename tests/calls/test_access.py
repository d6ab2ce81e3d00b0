"""Role by verb, without a database."""

import pytest

from server.calls.access import may
from server.calls.models import Call, Participant
from server.kit.access import Principal, Role

CALL = Call(id=1, workspace_id=1, starter_id=5, people=[])


def who(role: Role, user_id: int = 9) -> Principal:
    return Principal(user_id, 1, role)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("read-only", {"see"}),
        ("member", {"see", "join"}),
        ("manager", {"see", "join", "host", "remove_recording", "hold_recording"}),
        ("admin", {"see", "join", "host", "remove_recording", "hold_recording"}),
        ("owner", {"see", "join", "host", "remove_recording", "hold_recording"}),
    ],
)
def test_roles(role: Role, allowed: set[str]) -> None:
    verbs = ("see", "join", "host", "remove_recording", "hold_recording")
    assert {verb for verb in verbs if may(who(role), verb, CALL)} == allowed  # type: ignore[arg-type]


def test_the_starter_removes_what_was_recorded() -> None:
    assert may(who("member", 5), "remove_recording", CALL)
    assert not may(who("member", 5), "hold_recording", CALL)


@pytest.mark.parametrize(
    ("values", "is_host"),
    [({}, True), ({"is_removed": True}, False), ({"is_host": False}, False), ({"user_id": None}, False)],
)
def test_hosts(values: dict[str, object], is_host: bool) -> None:
    """Members alone, and nobody who was removed."""
    call = Call(id=1, workspace_id=1, starter_id=5)
    call.__dict__["people"] = [Participant(**({"user_id": 7, "is_host": True, "is_removed": False} | values))]
    assert may(who("member", 7), "host", call) is is_host
