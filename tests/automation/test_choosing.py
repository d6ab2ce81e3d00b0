"""Whose turn it is, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from server.automation.choosing import Candidate, choose

T = datetime(2026, 11, 27, tzinfo=UTC)
ANA = Candidate(1, has=3, given_at=T)
MATEO = Candidate(2, has=1, given_at=T + timedelta(hours=1), skills=("vapor",))
NEW = Candidate(3, has=2)


@pytest.mark.parametrize(
    ("people", "method", "skill", "chosen"),
    [
        ([ANA, MATEO], "round_robin", "", 1),
        ([ANA, MATEO, NEW], "round_robin", "", 3),
        ([ANA, MATEO, NEW], "least_busy", "", 2),
        ([ANA, MATEO], "round_robin", "Vapor", 2),
        ([ANA, NEW], "round_robin", "vapor", None),
        ([], "least_busy", "", None),
        ([Candidate(1, has=2, most=2), Candidate(2, has=9)], "least_busy", "", 2),
        ([Candidate(1, has=2, most=2)], "round_robin", "", None),
    ],
)
def test_choosing(people: list[Candidate], method: str, skill: str, chosen: int | None) -> None:
    found = choose(people, method, skill)
    assert (found.user_id if found else None) == chosen
