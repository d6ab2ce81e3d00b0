"""What `main` hands in: the database behind the topics, and who may hear them."""

from collections.abc import Collection
from typing import Protocol

from starlette.websockets import WebSocket

from realtime.message import Message


class Source(Protocol):
    """The database: the truth about every topic's numbers."""

    async def heads(self, topics: Collection[str]) -> dict[str, int]:
        """The newest number of each topic; a topic left out has none, which counts as 0."""

    async def replay(self, topic: str, after: int, variants: Collection[str]) -> list[Message] | None:
        """The messages after+1 … head without holes, at most 500, rendered now, with bodies for these variants.

        None when that cannot be said: below the floor, too many, or `after` above the head.
        """

    async def changed(self, after_position: int) -> tuple[int, dict[str, int]]:
        """The newest position now, and topic -> head for every topic with a patch above `after_position`."""


class Person(Protocol):
    """Who authenticate found; opaque here but for these."""

    @property
    def key(self) -> str:
        """ "user:5": the topic of the person alone, listened to from before the socket is accepted."""

    @property
    def id(self) -> int: ...

    @property
    def variant(self) -> str:
        """ "en", "es" or "json": which body of a message the person gets."""

    @property
    def head(self) -> int | None:
        """The number of its own topic when it was authenticated; None = not read: it is asked for once more."""

    @property
    def is_member(self) -> bool:
        """False: came by the public door, and neither shows nor is shown who is here and who is typing."""


class Doors(Protocol):
    async def authenticate(self, websocket: WebSocket) -> Person | None:
        """Who this is; None refuses with 403 before the socket is accepted. Has compared the Origin."""

    async def admit(self, websocket: WebSocket, token: str) -> Person | None:
        """Whose token the first frame on the public door held; None closes with 4401."""

    async def again(self, person: Person) -> Person | None:
        """The same person as of now; None when the session or the user is gone, which closes with 4401."""

    async def may_listen(self, person: Person, topics: Collection[str]) -> set[str]:
        """Those of the topics that the person may hear. An error counts as none."""
