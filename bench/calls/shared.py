"""What the rows with scripted callers share."""

from tests.realtime.calls.desk import Member
from tests.realtime.calls.scripted import Heard

WIDTH, HEIGHT = 640, 480


def heard_by(members: list[Member]) -> list[Heard]:
    return [
        one.caller.of(other.me, source)
        for one in members
        for other in members
        if one is not other
        for source in ("audio", "camera")
    ]
