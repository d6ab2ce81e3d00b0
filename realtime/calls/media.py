"""What the owner of a call asks of its media, and what it is told; lets rooms be tested without any."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from realtime.calls.people import Plan
from realtime.calls.ports import Clip, Fact


class Told(Protocol):
    """Whom the media tells; plain functions that return at once. `round_` is the plan's count of the connection."""

    def offered(self, who: int, frame: dict[str, Any]) -> None: ...

    def connected(self, who: int, round_: int) -> None: ...

    def failed(self, who: int, round_: int, why: str) -> None: ...

    def noted(self, fact: Fact) -> None: ...


class Media(Protocol):
    """One call's media. `apply` makes it equal to the plan; asking twice changes nothing."""

    def apply(self, plan: Plan) -> None: ...

    def answered(self, who: int, round_: int, sdp: str) -> None: ...

    def candidate(self, who: int, round_: int, line: str, mid: str | None) -> None: ...

    def pressed(self, who: int, key: str) -> None:
        """A digit that came by the socket."""

    def play(self, clip: Clip) -> None: ...

    def hush(self, to: int | None) -> None: ...

    @property
    def speaks(self) -> bool:
        """The server's voice is heard by somebody."""

    def heard(self) -> Mapping[int, float]:
        """When something came from each, in the loop's time."""

    def speaker(self, now: float) -> int | None: ...

    def quality(self, now: float) -> Mapping[int, int]: ...

    def second(self, now: float) -> None:
        """Once a second: reports, and how much each may send."""

    async def close(self) -> None:
        """Every connection closed, every recording finished and told."""


MakeMedia = Callable[[str, Told], Media]
