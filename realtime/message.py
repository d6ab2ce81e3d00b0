"""What travels on the bus: one numbered change of one topic, its body opaque bytes per variant."""

import json
from dataclasses import dataclass

ANY = "*"
NOTHING = b'"html":""'


@dataclass(frozen=True, slots=True)
class Message:
    """One number of one topic.

    `n` is dense per topic and begins at 1; `position` is the database's position of the fact, 0 when unknown.
    `bodies` maps a variant ("en", "es", "json", or "*" for any) to JSON members without braces, such as
    b'"html":"<hx-partial …>"'. `recheck` says that rights changed: of this topic's listeners, or, on a
    "user:<id>" topic, of that user. `covers`: the variants it was rendered for, None when for all.
    """

    topic: str
    n: int
    position: int
    kind: str
    bodies: dict[str, bytes]
    recheck: bool = False
    covers: frozenset[str] | None = None

    def encode(self) -> bytes:
        """One line of JSON, then the bodies one after the other: they are never parsed on the way."""
        sizes = {variant: len(body) for variant, body in self.bodies.items()}
        covers = None if self.covers is None else sorted(self.covers)
        head = [self.topic, self.n, self.position, self.kind, int(self.recheck), sizes, covers]
        return b"\n".join((json.dumps(head, separators=(",", ":")).encode(), b"".join(self.bodies.values())))

    @classmethod
    def decode(cls, raw: bytes) -> "Message":
        """The message again; raises ValueError for bytes that no `encode` of ours made."""
        line, separator, rest = raw.partition(b"\n")
        try:
            topic, n, position, kind, recheck, sizes, covers = json.loads(line)
            whole = separator == b"\n" and sum(sizes.values()) == len(rest)
            covered = None if covers is None else frozenset(covers)
            typed = isinstance(topic, str) and isinstance(n, int) and isinstance(position, int) and kind in ("p", "r")
        except (AttributeError, RecursionError, TypeError, ValueError) as error:
            raise ValueError("not a message") from error
        if not whole or not typed or n < 1:
            raise ValueError("not a message")
        bodies, start = {}, 0
        for variant, size in sizes.items():
            bodies[variant] = rest[start : start + size]
            start += size
        return cls(topic, n, position, kind, bodies, bool(recheck), covered)

    def key(self, variant: str) -> str | None:
        """Which body serves this variant: its own, else the one for any, else None."""
        if variant in self.bodies:
            return variant
        return ANY if ANY in self.bodies else None
